package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/store"
)

// hostileValues must come back byte for byte: a store that parses, normalises or
// re-encodes what it was given changes at least one of them.
var hostileValues = []string{
	``,
	` `,
	`{}`,
	`{"nul":"\u0000","a\u0000b":1}`,
	`{"quotes":"\"'` + "`" + `''\\\\"}`,
	`'; DROP TABLE records; --`,
	`$1 ? :name @p1 %s %d {0} ${x}`,
	`\x6162`,
	`\\x`,
	`\N`,
	`{"big":1e400,"small":1e-400,"long":123456789012345678901234567890.10,"zero":-0,"one":1.0,"exp":1E+2}`,
	`{"twice":1,"twice":2,"b":0,"a":0}`,
	"{\"trailing\":true}  \r\n\t ",
	"  \n{\"leading\":true}",
	`{"spaced" : [ 1 ,2 ] }`,
	`{"surrogate":"\ud800","pair":"\ud83d\ude00","slash":"\/","escaped":"\u0041"}`,
	"\ufeff{\"bom\":1}",
	"{\"replacement\":\"\ufffd\",\"nonchar\":\"\uffff\U0010ffff\",\"private\":\"\ue000\"}",
	"{\"emoji\":\"\U0001f600\",\"composed\":\"\u00e9\",\"decomposed\":\"e\u0301\",\"rtl\":\"\u202e\u2066\",\"zero width\":\"\u200b\"}",
	"{\"c1\":\"\u0080\u0085\u00a0\",\"del\":\"\x7f\",\"ls\":\"\u2028\u2029\"}",
	"line\nfeed\rreturn\ttab\vvertical\fform\bback\x1bescape\x1aend",
	`not json at all`,
	`null`,
	`"`,
	`<script>&amp;</script>`,
	`true`,
	`0123`,
	`NaN`,
}

var valueTests = []test{
	{"byte for byte", func(b *bench) {
		for _, value := range hostileValues {
			rec := b.put(store.Record{Value: []byte(value)})
			b.same(rec)
			// And as the second version of a record.
			for _, between := range []string{"", "{}", strings.Repeat("x", 300)} {
				next := store.Record{Key: rec.Key, Version: store.NewVersion(), Value: []byte(between)}
				b.NoError(b.store.Put(b.ctx, next, rec.Version))
				back := store.Record{Key: rec.Key, Version: store.NewVersion(), Value: []byte(value)}
				b.NoError(b.store.Put(b.ctx, back, next.Version))
				b.same(back)
				rec = back
			}
		}
	}},

	{"nil is an empty value", func(b *bench) {
		rec := store.Record{Key: b.key(), Version: store.NewVersion()}
		b.NoError(b.store.Put(b.ctx, rec, 0))
		b.same(rec)
		b.Equal(rec.Version, b.get(rec.Key).Version)
	}},

	{"every size to the limit", func(b *bench) {
		rec := b.put(store.Record{Value: []byte("{}")})
		for _, size := range []int{1, 3, 255, 256, 1000, 4095, 4096, 8191, 16 << 10, 32<<10 + 1, store.MaxValue - 1, store.MaxValue, 100, store.MaxValue, 0} {
			next := store.Record{Key: rec.Key, Version: store.NewVersion(), Value: bytes.Repeat([]byte("\u00e9x\n"), size/4+1)[:size]}
			if size%4 == 1 {
				next.Value[size-1] = 'y' // no half character at the end
			}
			b.NoError(b.store.Put(b.ctx, next, rec.Version), "%d bytes", size)
			b.same(next)
			rec = next
		}
	}},

	{"big values in one Get", func(b *bench) {
		var recs []store.Record
		for i := range 8 {
			rec := b.put(store.Record{Value: bytes.Repeat([]byte{'a' + byte(i)}, store.MaxValue)})
			recs = append(recs, store.Record{Key: rec.Key})
		}
		_, err := b.store.Get(b.ctx, nil, recs)
		b.NoError(err)
		for i, rec := range recs {
			b.Len(rec.Value, store.MaxValue)
			b.Equal(store.MaxValue, bytes.Count(rec.Value, []byte{'a' + byte(i)}))
		}
	}},

	{"beyond the limit whole or refused", func(b *bench) {
		rec := store.Record{Key: b.key(), Version: store.NewVersion(), Value: bytes.Repeat([]byte("x"), store.MaxValue+1)}
		if err := b.store.Put(b.ctx, rec, 0); err == nil {
			b.same(rec)
		} else {
			b.refused(err)
			b.absent(rec.Key)
		}
	}},
}

// hostileParts fill the 16 bytes of a space or an id.
func hostileParts() [][16]byte {
	var parts [][16]byte
	fill := func(s string) {
		var p [16]byte
		copy(p[:], s)
		parts = append(parts, p)
	}
	fill("")
	fill(strings.Repeat("\xff", 16))
	fill("\x00\x00\x00\x01")
	fill(strings.Repeat("\x00", 15) + "\x01")
	fill("ABCDEFGHIJKLMNOP")
	fill("abcdefghijklmnop")
	fill("abcdefghijklmno ")
	fill("abcdefghijklmno")
	fill("' \" \\ ` ; -- /*")
	fill("%_%_%?*[a]^$.:/-")
	fill("\xc3\x28\xa0\xa1\xe2\x28\xa1\xe2\x82\x28\xf0\x28\x8c\xbc\xed\xa0")
	fill("\r\n\t\x00\x1a\x7f\x80\x85\xa0\xad\xc0\xfe\xff\x00{}")
	for b := 0; b < 256; b += 16 {
		var p [16]byte
		for i := range p {
			p[i] = byte(b + i)
		}
		parts = append(parts, p)
	}
	return parts
}

var keyTests = []test{
	{"all byte values", func(b *bench) {
		// All records stand at once, so that two keys that a store takes for one
		// are found. The random space keeps them apart from other tests' keys.
		value := func(key store.Key) []byte { return fmt.Appendf(nil, "%x", key) }
		var keys []store.Key
		for _, part := range hostileParts() {
			keys = append(keys, store.Key{Kind: 'T', Space: b.space, ID: part})
			mixed := part // a hostile space that is still this test's own
			copy(mixed[8:], b.space[:8])
			keys = append(keys, store.Key{Kind: 'T', Space: mixed, ID: b.space})
		}
		for kind := range 256 {
			keys = append(keys, store.Key{Kind: store.Kind(kind), Space: b.space, ID: b.space})
		}
		keys = unique(keys) // two parts may begin alike
		for _, key := range keys {
			b.put(store.Record{Key: key, Value: value(key)})
		}
		for _, key := range keys {
			b.Equal(string(value(key)), string(b.get(key).Value))
		}
		for _, key := range keys {
			b.NoError(b.store.Delete(b.ctx, key, b.get(key).Version))
			b.absent(key)
		}
	}},

	{"all byte values in tags", func(b *bench) {
		var tags []store.Key
		for _, part := range hostileParts() {
			tags = append(tags, store.Key{Kind: store.Kind(part[3]), Space: b.space, ID: part})
		}
		want := map[store.Key]store.Key{}
		for _, tag := range tags {
			want[tag] = b.put(store.Record{Tags: []store.Key{tag}}).Key
		}
		for tag, key := range want {
			b.Equal(map[store.Key]int{key: 1}, clip(b.list(tag)))
		}
	}},

	{"space and kind keep apart", func(b *bench) {
		rec := b.put(store.Record{})
		other := rec.Key
		other.Kind++
		b.absent(other)
		other = rec.Key
		other.Space[15] ^= 1
		b.absent(other)
		other = rec.Key
		other.Space, other.ID = other.ID, other.Space
		b.absent(other)
	}},
}

// unique drops repetitions and keeps the order.
func unique(keys []store.Key) []store.Key {
	seen := make(map[store.Key]bool)
	return slices.DeleteFunc(keys, func(k store.Key) bool {
		was := seen[k]
		seen[k] = true
		return was
	})
}
