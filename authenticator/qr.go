package authenticator

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"

	"github.com/pquerna/otp"
)

const (
	quietZone  = 4    // modules of white on each side (ISO/IEC 18004 section 5.3.8)
	maxQR      = 4096 // pixels
	maxModules = 177  // of the largest symbol
	finder     = 7    // modules across the mark in a corner
)

// PNG draws the URI as a QR code of size × size pixels, black on white, with the
// quiet zone that readers need. It refuses a size that is too small for one
// pixel a module; 300 is enough for every URI.
//
// Whoever sees the picture has the secret: serve it with Cache-Control: no-store.
func (e *Enrolment) PNG(size int) ([]byte, error) {
	code, err := qrModules(e.URI)
	if err != nil {
		return nil, err
	}
	n := len(code)
	scale := size / (n + 2*quietZone)
	if scale < 1 || size > maxQR {
		return nil, fmt.Errorf("authenticator: PNG: the size must be between %d and %d pixels", n+2*quietZone, maxQR)
	}
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	margin := (size - n*scale) / 2
	for y := range n * scale {
		for x := range n * scale {
			if code[y/scale][x/scale] {
				img.SetColorIndex(margin+x, margin+y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("authenticator: PNG: %w", err)
	}
	return out.Bytes(), nil
}

// SVG draws the URI as a QR code: one <svg> element that takes the size of its
// place, with the quiet zone. It holds nothing that was entered, and can stand in
// a page as it is. As for the secret in it, see [Enrolment.PNG].
func (e *Enrolment) SVG() (string, error) {
	code, err := qrModules(e.URI)
	if err != nil {
		return "", err
	}
	side := strconv.Itoa(len(code) + 2*quietZone)
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + side + ` ` + side +
		`" shape-rendering="crispEdges" role="img" aria-label="QR code"><path fill="#fff" d="M0 0h` + side + `v` + side + `H0z"/><path d="`)
	for y, row := range code {
		for x := 0; x < len(row); x++ {
			begin := x
			for x < len(row) && row[x] {
				x++
			}
			if run := x - begin; run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", begin+quietZone, y+quietZone, run, run)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}

// qrModules are the modules of the QR code of a URI, true for black.
func qrModules(uri string) ([][]bool, error) {
	key, err := otp.NewKeyFromURL(uri)
	if err != nil {
		return nil, errQR
	}
	img, err := key.Image(maxModules, maxModules)
	if err != nil {
		return nil, errQR
	}
	// The picture is the symbol, as large as it fits by a whole number, and a
	// margin. The mark in its corner says where it begins and by which number.
	black := func(x, y int) bool {
		r, g, b, _ := img.At(x, y).RGBA()
		return r+g+b == 0
	}
	begin := 0
	for begin < maxModules && !black(begin, begin) {
		begin++
	}
	end := begin
	for end < maxModules && black(end, begin) {
		end++
	}
	scale := (end - begin) / finder
	if scale == 0 {
		return nil, errQR
	}
	n := (maxModules - 2*begin) / scale
	code := make([][]bool, n)
	for y := range code {
		code[y] = make([]bool, n)
		for x := range code[y] {
			code[y][x] = black(begin+x*scale, begin+y*scale)
		}
	}
	return code, nil
}

// errQR does not repeat the URI, which holds the secret.
var errQR = errors.New("authenticator: the URI makes no QR code: the issuer or the account is too long")
