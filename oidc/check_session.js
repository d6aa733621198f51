"use strict";
(function () {
  var K = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
  ];

  function turn(x, n) {
    return (x >>> n) | (x << (32 - n));
  }

  // SHA-256 of ASCII text, in hex. crypto.subtle answers later, and not in every frame.
  function sha256(text) {
    var h = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    var words = (((text.length + 8) >> 6) + 1) * 16, m = [], w = [], i, j, v, a, b, hex = "";
    for (i = 0; i < words; i++) m[i] = 0;
    for (i = 0; i < text.length; i++) m[i >> 2] |= text.charCodeAt(i) << (24 - (i & 3) * 8);
    m[i >> 2] |= 0x80 << (24 - (i & 3) * 8);
    m[words - 1] = text.length * 8;
    for (i = 0; i < words; i += 16) {
      v = h.slice();
      for (j = 0; j < 64; j++) {
        if (j < 16) {
          w[j] = m[i + j];
        } else {
          a = w[j - 15];
          b = w[j - 2];
          w[j] = ((turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)) + w[j - 7] + w[j - 16]) | 0;
        }
        a = (v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[j] + w[j]) | 0;
        b = ((turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]))) | 0;
        v = [(a + b) | 0, v[0], v[1], v[2], (v[3] + a) | 0, v[4], v[5], v[6]];
      }
      for (j = 0; j < 8; j++) h[j] = (h[j] + v[j]) | 0;
    }
    for (i = 0; i < 8; i++) hex += ("0000000" + (h[i] >>> 0).toString(16)).slice(-8);
    return hex;
  }

  // What the browser is signed in as; "" where nobody is, and where it keeps the cookie
  // away from frames.
  function state() {
    var parts = ("; " + document.cookie).split("; " + document.documentElement.getAttribute("data-cookie") + "=");
    return parts.length < 2 ? "" : parts[1].split(";")[0];
  }

  // Whether the origin is that of the page that has this one in a frame, as far as the
  // browser says which that is. An origin also enters the hash.
  function embedder(origin) {
    var list = window.location.ancestorOrigins, found;
    if (list && list.length) return list[0] === origin;
    found = /^[a-z]+:\/\/[^\/?#]+/.exec(document.referrer);
    return !found || found[0] === origin;
  }

  window.addEventListener("message", function (e) {
    var answer = "error", found;
    if (!e.source || e.origin === "null") return;
    found = typeof e.data === "string" && /^([\x20-\x7e]{1,255}) ([0-9a-f]{64})\.([0-9A-Za-z_-]{1,64})$/.exec(e.data);
    if (found && embedder(e.origin)) {
      answer = sha256(found[1] + " " + e.origin + " " + state() + " " + found[3]) === found[2] ? "unchanged" : "changed";
    }
    e.source.postMessage(answer, e.origin);
  }, false);
})();
