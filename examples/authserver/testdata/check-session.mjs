// Runs the script of the check_session_iframe (OpenID Connect Session Management section
// 3.2) in a page that is made up, and asks it what pages of clients ask.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import vm from "node:vm";

const script = readFileSync(process.argv[2], "utf8");
const rp = "https://rp.example";
let asked = 0;

// page returns a function that posts a message to the page and returns what it answers.
function page({ cookie = "a=b; __Host-state=S; z=1", ancestors = [rp], referrer = "" } = {}) {
  let hear;
  const document = { cookie, referrer, documentElement: { getAttribute: () => "__Host-state" } };
  const window = { location: { ancestorOrigins: ancestors }, addEventListener: (_, f) => { hear = f; } };
  vm.runInNewContext(script, { window, document });
  return (data, origin = rp) => {
    let answer = "nothing";
    asked++;
    hear({ data, origin, source: { postMessage: (text, to) => { assert.equal(to, origin); answer = text; } } });
    return answer;
  };
}

function message(client, { origin = rp, state = "S", salt = "N0nce" } = {}) {
  const hash = createHash("sha256").update([client, origin, state, salt].join(" ")).digest("hex");
  return `${client} ${hash}.${salt}`;
}

// Every length of a client id, so that the hash is right wherever its blocks end.
for (let n = 1; n <= 255; n++) assert.equal(page()(message("c".repeat(n))), "unchanged", `${n} characters`);

const ask = page();
assert.equal(ask(message("my app")), "unchanged", "a client id with a blank");
assert.equal(ask(message("app", { state: "T" })), "changed", "another state");
assert.equal(ask(message("app").replace("app", "apq")), "changed", "another client");
for (const bad of ["", "app", "app state", message(""), message("app").split(".")[0], message("app", { salt: "" }),
  message("app", { salt: "s".repeat(65) }), message("app") + ".x", message("äpp"), message("a".repeat(256)), null, 7, {}, ["x"]]) {
  assert.equal(ask(bad), "error", JSON.stringify(bad));
}
const evil = "https://evil.example";
assert.equal(ask(message("app", { origin: evil }), evil), "error", "a page that does not have it in a frame");
assert.equal(ask(message("app", { origin: "null" }), "null"), "nothing", "an opaque origin cannot be answered");

// Browsers that do not list the pages around a frame say which one has loaded it, or not.
const old = { ancestors: null };
assert.equal(page({ ...old, referrer: rp + "/page?q" })(message("app")), "unchanged");
assert.equal(page({ ...old, referrer: rp + ".evil.example/" })(message("app")), "error");
assert.equal(page(old)(message("app")), "unchanged");
assert.equal(page(old)(message("app"), evil), "changed", "the origin enters the hash");

assert.equal(page({ cookie: "" })(message("app", { state: "" })), "unchanged", "nobody is signed in");
assert.equal(page({ cookie: "x__Host-state=S" })(message("app")), "changed", "a cookie of another name");

console.log(`${asked} asked`);
