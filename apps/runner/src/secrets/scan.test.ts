import { expect, test } from "vitest";
import { addedLines } from "./added.ts";
import { writtenForms } from "./known.ts";
import { scan } from "./scan.ts";

const VALUE = "canary+/=~0123456789abcdef";
/** Made here, so that no scanner takes this file for a leak. */
const TOKEN = ["ghp", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join("_");
const NO_PATCH = "";

const patchOf = (path: string, ...lines: string[]) =>
  [`diff --git a/${path} b/${path}`, `--- a/${path}`, `+++ b/${path}`, `@@ -0,0 +1,${lines.length} @@`]
    .concat(lines.map((line) => `+${line}`))
    .join("\n");
const request = (text = "") => ({ known: [{ value: VALUE, isStrong: true }], texts: [{ name: "a text", text }] });
const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each<[string, string]>([
  ["as it is", `x${VALUE}y`],
  ["URL-encoded", encodeURIComponent(VALUE)],
  ["in hexadecimal", Buffer.from(VALUE).toString("hex")],
  ["in capital hexadecimal", Buffer.from(VALUE).toString("hex").toUpperCase()],
  ["backwards", VALUE.split("").toReversed().join("")],
  ["in base64", base64(VALUE)],
  ["in base64, moved by one", base64(`x${VALUE}yy`)],
  ["in base64, moved by two", base64(`xx${VALUE}y`)],
  ["in base64url", Buffer.from(`xx${VALUE}`).toString("base64url")],
  ["in base64 that is broken into lines", base64(`some text ${VALUE} and more`).replaceAll(/(.{16})/g, "$1\n")],
])("a value of this installation %s", async (_name, text) => {
  const found = await scan(request(), patchOf("a.txt", "fine", ...text.split("\n")));
  expect(found).toContainEqual(expect.objectContaining({ where: "a.txt", isCertain: true }));
  expect(await scan(request(text), NO_PATCH)).toContainEqual(
    expect.objectContaining({ where: "a text", isCertain: true }),
  );
  expect(JSON.stringify(found)).not.toContain(VALUE);
});

test("a value in a file's name, which is not shown", async () => {
  const found = await scan(request(), patchOf(`${VALUE}.txt`, "fine"));
  expect(found).toMatchObject([{ where: "a file's name", isCertain: true }]);
});

test("tokens by their looks, with file and line, whatever a comment says", async () => {
  const found = await scan(request(), patchOf("src/a.ts", "// secretlint-disable", `const a = "${TOKEN}";`));
  expect(found).toEqual([{ where: "src/a.ts", line: 2, rule: "github", isCertain: false }]);
});

test("a token in the middle of a very long line, and soon", async () => {
  const found = await scan(request(), patchOf("a.js", `${"a".repeat(500_000)} ${TOKEN} ${"a".repeat(500_000)}`));
  expect(found).toMatchObject([{ line: 1, rule: "github" }]);
});

test("a private key", async () => {
  const key = [
    "-----BEGIN RSA PRIVATE KEY-----",
    ...Array<string>(20).fill("MIIEogIBAAKCAQEAx".repeat(3)),
    "-----END RSA PRIVATE KEY-----",
  ];
  expect(await scan(request(), patchOf("key.pem", ...key))).toMatchObject([{ where: "key.pem", rule: "privatekey" }]);
});

test("nothing in plain work", async () => {
  expect(await scan(request("Fixes the parser."), patchOf("a.ts", "const token = process.env.TOKEN;", "x"))).toEqual(
    [],
  );
});

test("values that are words are passed over", () => {
  expect(writtenForms("redis")).toEqual([]);
});

test("lines that look like headers are lines; what is removed or was there before is not added", () => {
  const patch = `${patchOf("a.txt", "one", "++ b/evil.txt", "diff --git a/x b/x")}\n-gone\n kept\n\\ No newline at end of file`;
  const [file, ...others] = addedLines(patch);
  expect(others).toEqual([]);
  expect(file).toEqual({
    path: "a.txt",
    lines: [
      { number: 1, text: "one" },
      { number: 2, text: "++ b/evil.txt" },
      { number: 3, text: "diff --git a/x b/x" },
    ],
  });
});

test("a merge adds what none of its parents has", () => {
  const patch = [
    "diff --cc a.txt",
    "--- a/a.txt",
    "+++ b/a.txt",
    "@@@ -1,1 -1,1 +1,3 @@@",
    "++evil",
    "+ theirs",
    " +ours",
  ];
  expect(addedLines(patch.join("\n"))).toEqual([{ path: "a.txt", lines: [{ number: 1, text: "evil" }] }]);
});
