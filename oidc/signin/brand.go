package signin

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// Brand is the look of the pages. The zero value is plain and complete.
type Brand struct {
	// Name of the site, as people know it. Empty: the pages name none.
	Name string

	// Logo is a picture, SVG, PNG, JPEG, GIF or WebP, that is served beside the pages.
	// LogoURL is where one is already: a path of this site or an https URL; the pages are
	// then allowed to load it from there. Not both. It is shown in place of the name, at
	// most 36 pixels high, on a light ground and on a dark one.
	Logo    []byte
	LogoURL string

	// Accent is the colour of what matters: "#0b6b4f". Empty is that. AccentDark is the
	// one for dark surroundings; empty is Accent, made light enough to be read there.
	// Texts on it, and in it, get a shade that can be read (WCAG 2.2 section 1.4.3).
	Accent, AccentDark string

	// Radius of corners, in CSS pixels, up to 40. 0 is 14; -1 is square corners.
	Radius int
}

// The grounds that colours are seen on, as they stand in style.css.
var (
	cardLight = colour{0xff, 0xff, 0xff}
	cardDark  = colour{0x16, 0x19, 0x1e}
)

const (
	defaultAccent = "#0b6b4f"
	defaultRadius = 14
	maxRadius     = 40
	maxLogo       = 256 << 10 // bytes
)

// check names the field that is wrong.
func (b Brand) check() error {
	for _, c := range []struct{ field, value string }{{"Accent", b.Accent}, {"AccentDark", b.AccentDark}} {
		if _, err := parseColour(c.value); err != nil && c.value != "" {
			return fmt.Errorf("signin: Config.Brand.%s: %w", c.field, err)
		}
	}
	if b.Radius < -1 || b.Radius > maxRadius {
		return fmt.Errorf("signin: Config.Brand.Radius: must be between -1 and %d", maxRadius)
	}
	if len(b.Logo) > 0 && b.LogoURL != "" {
		return errors.New("signin: Config.Brand: has both Logo and LogoURL")
	}
	if len(b.Logo) > maxLogo {
		return fmt.Errorf("signin: Config.Brand.Logo: has more than %d bytes", maxLogo)
	}
	if len(b.Logo) > 0 && logoType(b.Logo) == "" {
		return errors.New("signin: Config.Brand.Logo: is neither SVG nor PNG, JPEG, GIF or WebP")
	}
	if b.LogoURL != "" {
		u, err := url.Parse(b.LogoURL)
		local := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/")
		if !local && (err != nil || u.Scheme != "https" || u.Host == "") {
			return errors.New("signin: Config.Brand.LogoURL: must be a path that begins with / or an https URL")
		}
	}
	return nil
}

// logoType is the media type of a picture; "" is none that is taken.
func logoType(data []byte) string {
	head := strings.ToLower(string(data[:min(len(data), 1024)]))
	if strings.Contains(head, "<svg") && strings.HasPrefix(strings.TrimSpace(head), "<") {
		return "image/svg+xml"
	}
	switch t := http.DetectContentType(data); t {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return t
	}
	return ""
}

// style is the part of the style that is the brand's. Colours are computed: a brand may
// have a yellow, and what is written on it or in it must be readable all the same.
func (b Brand) style() template.CSS {
	light, err := parseColour(b.Accent)
	if err != nil { // it was checked: it is empty
		light, _ = parseColour(defaultAccent)
	}
	dark, err := parseColour(b.AccentDark)
	if err != nil {
		dark = light.towards(light.bright(), cardDark, 5.5).towards(white, cardDark, 5.5)
	}
	radius := b.Radius
	switch radius {
	case 0:
		radius = defaultRadius
	case -1:
		radius = 0
	}
	return template.CSS(fmt.Sprintf(":root{--radius:%dpx;%s}@media (prefers-color-scheme:dark){:root{%s}}",
		radius, shades(light, cardLight, black), shades(dark, cardDark, white)))
}

// shades are the properties of one accent on one ground. ink is the end to which a shade
// goes that cannot be read.
func shades(accent, ground, ink colour) string {
	on := white
	if white.contrast(accent) < 4.5 {
		on = black
	}
	tint := ground.mix(accent, 0.1)
	link := accent.towards(ink, tint, 4.6)
	return fmt.Sprintf("--accent:%v;--on-accent:%v;--accent-hover:%v;--link:%v;--focus:%v;--tint:%v",
		accent, on, accent.mix(on.opposite(), 0.12), link, accent.towards(ink, ground, 3.1), tint)
}
