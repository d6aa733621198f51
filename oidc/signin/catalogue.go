package signin

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
)

//go:embed messages/*.json
var ownMessages embed.FS

// fallback is the language of what has no other.
const fallback = "en"

// catalogue is the texts of one language, by key. What stands in braces is replaced.
// Two keys are no texts: "language" is the tag, and "direction" is ltr or rtl.
type catalogue map[string]string

// catalogues are all languages, by tag in lower case.
type catalogues map[string]catalogue

const maxCatalogue = 256 << 10 // bytes of a file

// loadCatalogues reads ours and the host's. A file of the host's for a language that we
// have replaces the texts that it has; one for another language adds that language.
func loadCatalogues(host fs.FS) (catalogues, error) {
	own, err := fs.Sub(ownMessages, "messages")
	if err != nil {
		return nil, err
	}
	all := make(catalogues)
	if err := all.load(own); err != nil {
		return nil, err
	}
	if host != nil {
		if err := all.load(host); err != nil {
			return nil, fmt.Errorf("signin: Config.Messages: %w", err)
		}
	}
	return all, nil
}

func (all catalogues) load(from fs.FS) error {
	names, err := fs.Glob(from, "*.json")
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if len(b) > maxCatalogue {
			return fmt.Errorf("%s: has more than %d bytes", name, maxCatalogue)
		}
		var c catalogue
		if err := json.Unmarshal(b, &c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		tag := strings.TrimSuffix(name, ".json")
		if !isTag(tag) {
			return fmt.Errorf("%s: the name is no language tag", name)
		}
		key := strings.ToLower(tag)
		if all[key] == nil {
			all[key] = catalogue{"language": tag, "direction": "ltr"}
		}
		maps.Copy(all[key], c)
		if d := all[key]["direction"]; d != "ltr" && d != "rtl" {
			return fmt.Errorf(`%s: "direction" must be ltr or rtl`, name)
		}
		if !isTag(all[key]["language"]) {
			return fmt.Errorf(`%s: "language" must be a language tag`, name)
		}
	}
	return nil
}

var errNoText = errors.New("signin: the catalogue has no such text")

// text is a text in a language, or in English if the language lacks it.
func (all catalogues) text(lang, key string) (text string, own bool) {
	if text, own = all[lang][key]; own {
		return text, true
	}
	return all[fallback][key], false
}

// replace puts values in the place of {names}. Values are not looked at again.
func replace(text string, pairs []string) string {
	if len(pairs) == 0 {
		return text
	}
	with := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		with = append(with, "{"+pairs[i]+"}", pairs[i+1])
	}
	return strings.NewReplacer(with...).Replace(text)
}
