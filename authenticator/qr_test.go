package authenticator_test

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

const anyURI = "otpauth://totp/Shop:mia%40example.test?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Shop&algorithm=SHA1&digits=6&period=30"

// The picture is read again as a telephone would, and says the URI.
func TestQRSaysTheURI(t *testing.T) {
	for _, uri := range []string{
		anyURI, "otpauth://totp/x", "otpauth://hotp/" + strings.Repeat("long", 40) + ":tom?counter=0",
		"otpauth://totp/" + strings.Repeat("%C3%A9", 40), "otpauth://totp/" + strings.Repeat("x", 360),
	} {
		e := &authenticator.Enrolment{URI: uri}
		picture, err := e.PNG(300)
		require.NoError(t, err)
		code := readPNG(t, picture, 300)
		require.Equal(t, uri, decodeQR(t, code))

		svg, err := e.SVG()
		require.NoError(t, err)
		require.Equal(t, code, readSVG(t, svg), "both draw the same")
		require.NotContains(t, svg, "secret")
	}
}

func TestQRSizes(t *testing.T) {
	e := &authenticator.Enrolment{URI: anyURI}
	svg, err := e.SVG()
	require.NoError(t, err)
	n := len(readSVG(t, svg))
	for _, size := range []int{n + 8, n + 9, 2*(n+8) - 1, 2 * (n + 8), 333, 700} {
		picture, err := e.PNG(size)
		require.NoError(t, err)
		require.Equal(t, anyURI, decodeQR(t, readPNG(t, picture, size)))
	}
	_, err = e.PNG(4096)
	require.NoError(t, err)
	for _, size := range []int{-1, 0, 1, n, n + 7, 4097, 1 << 30} {
		_, err := e.PNG(size)
		require.ErrorContains(t, err, strconv.Itoa(n+8))
	}
}

func TestQRRefuses(t *testing.T) {
	for _, uri := range []string{"otpauth://totp/" + strings.Repeat("x", 4000), "%", "\x7f://"} {
		e := &authenticator.Enrolment{URI: uri}
		_, err := e.PNG(300)
		require.Error(t, err)
		require.NotContains(t, err.Error(), uri, "it holds the secret")
		_, err = e.SVG()
		require.Error(t, err)
	}
}

// readPNG reads the modules out of a picture, and holds it to its quiet zone.
func readPNG(t *testing.T, picture []byte, size int) (code [][]bool) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	require.Equal(t, size, img.Bounds().Dx())
	require.Equal(t, size, img.Bounds().Dy())
	black := func(x, y int) bool {
		r, g, b, a := img.At(x, y).RGBA()
		if a != 0xffff || r+g+b != 0 && r+g+b != 3*0xffff {
			t.Fatal("neither black nor white")
		}
		return r == 0
	}
	begin := 0
	for !black(begin, begin) {
		begin++
	}
	scale := 0
	for black(begin+scale, begin) {
		scale++
	}
	scale /= 7
	end := size
	for !black(end-1, begin) { // the mark in the upper right corner
		end--
	}
	n := (end - begin) / scale
	require.GreaterOrEqual(t, begin, 4*scale, "the quiet zone")
	require.GreaterOrEqual(t, size-end, 4*scale)
	for y := range size {
		for x := range size {
			inside := x >= begin && x < begin+n*scale && y >= begin && y < begin+n*scale
			if black(x, y) && !inside {
				t.Fatal("black outside of the symbol")
			}
		}
	}
	for y := range n {
		code = append(code, make([]bool, n))
		for x := range n {
			code[y][x] = black(begin+x*scale+scale/2, begin+y*scale+scale/2)
		}
	}
	return code
}

// readSVG reads the modules out of the path.
func readSVG(t *testing.T, svg string) (code [][]bool) {
	t.Helper()
	var doc struct {
		XMLName xml.Name
		ViewBox string `xml:"viewBox,attr"`
		Paths   []struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	require.NoError(t, xml.Unmarshal([]byte(svg), &doc))
	require.Equal(t, "http://www.w3.org/2000/svg", doc.XMLName.Space)
	side, err := strconv.Atoi(strings.Fields(doc.ViewBox)[2])
	require.NoError(t, err)
	require.Equal(t, "0 0 "+strconv.Itoa(side)+" "+strconv.Itoa(side), doc.ViewBox)
	for range side - 8 {
		code = append(code, make([]bool, side-8))
	}
	require.Len(t, doc.Paths, 2)
	pieces := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(doc.Paths[1].D, -1)
	written := ""
	for _, p := range pieces {
		written += p[0]
		require.Equal(t, p[3], p[4])
		x, _ := strconv.Atoi(p[1])
		y, _ := strconv.Atoi(p[2])
		run, _ := strconv.Atoi(p[3])
		for i := range run {
			code[y-4][x-4+i] = true
		}
	}
	require.Equal(t, doc.Paths[1].D, written, "nothing else stands in it")
	return code
}
