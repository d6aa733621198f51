package signin

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// colour is one of sRGB.
type colour [3]uint8

var (
	white = colour{0xff, 0xff, 0xff}
	black = colour{}
)

var errColour = errors.New(`must be a colour such as "#0b6b4f"`)

// parseColour reads #rgb and #rrggbb. Other forms are refused: their contrast could not
// be computed.
func parseColour(s string) (c colour, err error) {
	if len(s) == 4 && s[0] == '#' {
		s = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	if len(s) != 7 || s[0] != '#' {
		return c, errColour
	}
	if _, err := hex.Decode(c[:], []byte(s[1:])); err != nil {
		return c, errColour
	}
	return c, nil
}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	var l float64
	for i, weight := range [3]float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

// contrast is the contrast ratio of WCAG 2.2: 1 to 21.
func (c colour) contrast(d colour) float64 {
	a, b := c.luminance(), d.luminance()
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// mix goes a part of the way to another colour.
func (c colour) mix(d colour, part float64) colour {
	var m colour
	for i := range m {
		m[i] = uint8(math.Round(float64(c[i]) + (float64(d[i])-float64(c[i]))*part))
	}
	return m
}

// towards goes to another colour as far as is needed for a contrast with the ground.
func (c colour) towards(end, ground colour, contrast float64) colour {
	for part := 0.0; part < 1; part += 0.02 {
		if m := c.mix(end, part); m.contrast(ground) >= contrast {
			return m
		}
	}
	return end
}

// bright is the colour at its brightest. On the way to it less of the hue is lost than
// on the way to white.
func (c colour) bright() colour {
	most := float64(max(c[0], c[1], c[2], 1))
	var b colour
	for i := range b {
		b[i] = uint8(float64(c[i]) * 255 / most)
	}
	return b
}

// opposite is black for what is light, and white for what is dark.
func (c colour) opposite() colour {
	if c.contrast(white) < c.contrast(black) {
		return black
	}
	return white
}
