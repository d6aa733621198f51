package signin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

const (
	maxTags = 20 // of a list that a client or a browser sends
	maxTag  = 35 // characters of a tag (RFC 5646 section 4.4.1)
)

// choose picks the language of a page: what the client asked for (OpenID Connect Core
// section 3.1.2.1, ui_locales), then what the browser prefers, then English. Each wish
// is looked up as RFC 4647 section 3.4 says: de-CH-1996, de-CH, de.
func choose(have map[string]catalogue, uiLocales []string, acceptLanguage string) string {
	wishes := append(slices.Clone(uiLocales[:min(len(uiLocales), maxTags)]), parseAcceptLanguage(acceptLanguage)...)
	for _, wish := range wishes {
		if !isTag(wish) {
			continue
		}
		for tag := strings.ToLower(wish); tag != ""; tag = shorter(tag) {
			if have[tag] != nil {
				return tag
			}
		}
	}
	return fallback
}

// shorter takes the last subtag away, and a single letter before it as well.
func shorter(tag string) string {
	i := strings.LastIndexByte(tag, '-')
	if i < 0 {
		return ""
	}
	tag = tag[:i]
	if j := strings.LastIndexByte(tag, '-'); j >= 0 && j == len(tag)-2 {
		tag = tag[:j]
	}
	return tag
}

// parseAcceptLanguage returns the tags of the header, the preferred first (RFC 9110
// section 12.5.4). What is malformed is left out.
func parseAcceptLanguage(header string) []string {
	type wish struct {
		tag string
		q   float64
	}
	var wishes []wish
	for item := range strings.SplitSeq(header[:min(len(header), 1024)], ",") {
		tag, weight, weighted := strings.Cut(strings.TrimSpace(item), ";")
		w := wish{strings.TrimSpace(tag), 1}
		if weighted {
			v, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			q, err := strconv.ParseFloat(v, 64)
			if !ok || err != nil || !(q > 0 && q <= 1) { // not NaN
				continue
			}
			w.q = q
		}
		if wishes = append(wishes, w); len(wishes) == maxTags {
			break
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.q, a.q) })
	tags := make([]string, len(wishes))
	for i, w := range wishes {
		tags[i] = w.tag
	}
	return tags
}

// isTag reports whether a text has the form of a language tag.
func isTag(s string) bool {
	if s == "" || len(s) > maxTag {
		return false
	}
	for part := range strings.SplitSeq(s, "-") {
		if part == "" || len(part) > 8 {
			return false
		}
		for _, c := range []byte(part) {
			if c|0x20 < 'a' || c|0x20 > 'z' {
				if c < '0' || c > '9' {
					return false
				}
			}
		}
	}
	return true
}
