package signin

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the colour of a brand: what is written on it and in it can be read.
func TestColoursCanBeRead(t *testing.T) {
	for _, accent := range []string{"", "#000", "#fff", "#ff0", "#f00", "#00f", "#0b6b4f", "#777777", "#fde68a", "#1d4ed8", "#c026d3"} {
		for _, dark := range []string{"", "#000", "#fff", "#777"} {
			css := string(Brand{Accent: accent, AccentDark: dark}.style())
			for i, part := range strings.SplitN(css, "@media", 2) {
				ground := []colour{cardLight, cardDark}[i]
				read := func(name string) colour {
					m := regexp.MustCompile(`--` + name + `:(#[0-9a-f]{6})`).FindStringSubmatch(part)
					require.NotNil(t, m, part)
					c, err := parseColour(m[1])
					require.NoError(t, err)
					return c
				}
				about := accent + " " + dark + " " + part
				require.GreaterOrEqual(t, read("on-accent").contrast(read("accent")), 4.5, about)
				require.GreaterOrEqual(t, read("on-accent").contrast(read("accent-hover")), 4.5, about)
				require.GreaterOrEqual(t, read("link").contrast(ground), 4.5, about)
				require.GreaterOrEqual(t, read("link").contrast(read("tint")), 4.5, about)
				require.GreaterOrEqual(t, read("focus").contrast(ground), 3.0, about)
			}
		}
	}
}

// The grounds that the computation assumes are those of the style.
func TestGrounds(t *testing.T) {
	css, err := ownFiles.ReadFile("web/style.css")
	require.NoError(t, err)
	require.Equal(t, []string{"#fff", "#16191e"}, func() (all []string) {
		for _, m := range regexp.MustCompile(`--card: (#[0-9a-f]+)`).FindAllStringSubmatch(string(css), -1) {
			all = append(all, m[1])
		}
		return all
	}())
}

func TestBrandIsChecked(t *testing.T) {
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)
	for field, b := range map[string]Brand{
		"Accent": {Accent: "red"}, "AccentDark": {AccentDark: "#12345g"}, "Radius": {Radius: 41}, "Logo": {Logo: []byte("GIF")},
		"LogoURL": {LogoURL: "http://cdn.example/x.png"}, "Brand: has both": {Logo: svg, LogoURL: "/x.svg"},
	} {
		_, err := newRenderer(b, nil, nil)
		require.ErrorContains(t, err, "signin: Config.Brand")
		require.ErrorContains(t, err, field)
	}
	for _, wrong := range []string{"//cdn.example/x.png", "javascript:x", "x.png", "https:///x"} {
		require.Error(t, Brand{LogoURL: wrong}.check(), wrong)
	}
}

// A logo is a file beside the pages that may be kept for ever, and can do nothing.
func TestLogo(t *testing.T) {
	r := newStrict(t, Brand{Name: "Mintyard", Logo: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)})
	body, _ := draw(t, r, gallery()[0], "en")
	n := 0
	for name, h := range r.static() {
		n++
		require.Contains(t, body, `<img src="/signin/`+name+`" alt="Mintyard">`)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/signin/"+name, nil))
		require.Equal(t, 200, w.Code)
		require.Equal(t, "image/svg+xml", w.Header().Get("Content-Type"))
		require.Contains(t, w.Header().Get("Cache-Control"), "immutable")
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "sandbox")
		w = httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/signin/"+name, nil))
		require.Equal(t, 405, w.Code)
	}
	require.Equal(t, 1, n)
	r = newStrict(t, Brand{LogoURL: "https://cdn.example/logo.png"})
	_, h := draw(t, r, gallery()[0], "en")
	require.Contains(t, h.Get("Content-Security-Policy"), "img-src 'self' data: https://cdn.example;")
}
