import { expect, test } from "vitest";
import { AddedReader } from "./added.ts";
import { writtenForms } from "./known.ts";
import type { ScanRequest } from "./protocol.ts";
import { Scan } from "./scan.ts";

const VALUE = "canary+/=~0123456789abcdef";
/** Joined from parts, so that no scanner reports this file. */
const TOKEN = ["ghp", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join("_");
const NO_PATCH = "";

const patchOf = (path: string, ...lines: string[]) =>
  [`diff --git a/${path} b/${path}`, `--- a/${path}`, `+++ b/${path}`, `@@ -0,0 +1,${lines.length} @@`]
    .concat(lines.map((line) => `+${line}`))
    .join("\n");
const request = (text = ""): ScanRequest => ({
  salt: "salt",
  known: [{ value: VALUE, isStrong: true }],
  texts: [{ name: "a text", text }],
});
async function results(of: ScanRequest, patch: string | Buffer) {
  const scan = new Scan(of);
  const bytes = Buffer.from(patch);
  // The chunks end at arbitrary positions. Small chunks of a megabyte would only measure the calls.
  const size = bytes.length > 100_000 ? 4093 : 7;
  for (let from = 0; from < bytes.length; from += size) scan.push(bytes.subarray(from, from + size));
  return { known: scan.known(), patterns: await scan.patterns() };
}

async function scan(of: ScanRequest, patch: string | Buffer) {
  const { known, patterns } = await results(of, patch);
  return [...known.findings, ...(patterns?.findings ?? [])];
}

function addedLines(patch: string) {
  const files: { path: string; lines: { number: number; text: string }[] }[] = [];
  const reader = new AddedReader({
    file: (path) => files.push({ path, lines: [] }),
    added: (number, bytes) => files.at(-1)?.lines.push({ number, text: bytes.toString() }),
    commit: () => undefined,
    removed: () => undefined,
  });
  reader.push(Buffer.from(patch));
  reader.finish();
  return files;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each<[string, string]>([
  ["unchanged", `x${VALUE}y`],
  ["URL-encoded", encodeURIComponent(VALUE)],
  ["in hexadecimal", Buffer.from(VALUE).toString("hex")],
  ["in capital hexadecimal", Buffer.from(VALUE).toString("hex").toUpperCase()],
  ["backwards", VALUE.split("").toReversed().join("")],
  ["in base64", base64(VALUE)],
  ["in base64, moved by one", base64(`x${VALUE}yy`)],
  ["in base64, moved by two", base64(`xx${VALUE}y`)],
  ["in base64url", Buffer.from(`xx${VALUE}`).toString("base64url")],
  ["in base64 with line breaks", base64(`some text ${VALUE} and more`).replaceAll(/(.{16})/g, "$1\n")],
])("finds a value of this installation %s", async (_name, text) => {
  const found = await scan(request(), patchOf("a.txt", "fine", ...text.split("\n")));
  expect(found).toContainEqual(expect.objectContaining({ where: "a.txt", isCertain: true }));
  expect(await scan(request(text), NO_PATCH)).toContainEqual(
    expect.objectContaining({ where: "a text", isCertain: true }),
  );
  expect(JSON.stringify(found)).not.toContain(VALUE);
});

test("finds a value in a file's name, and does not show the name", async () => {
  const found = await scan(request(), patchOf(`${VALUE}.txt`, "fine"));
  expect(found).toMatchObject([{ where: "a file's name", isCertain: true }]);
});

test("finds tokens by their format, with file and line, even if a comment disables the rules", async () => {
  const found = await scan(request(), patchOf("src/a.ts", "// secretlint-disable", `const a = "${TOKEN}";`));
  expect(found).toEqual([{ where: "src/a.ts", line: 2, rule: "github", isCertain: false }]);
});

test("finds a token in the middle of a very long line, without delay", async () => {
  const found = await scan(request(), patchOf("a.js", `${"a".repeat(500_000)} ${TOKEN} ${"a".repeat(500_000)}`));
  expect(found).toMatchObject([{ line: 1, rule: "github" }]);
});

test("finds a private key", async () => {
  const key = [
    "-----BEGIN RSA PRIVATE KEY-----",
    ...Array<string>(20).fill("MIIEogIBAAKCAQEAx".repeat(3)),
    "-----END RSA PRIVATE KEY-----",
  ];
  expect(await scan(request(), patchOf("key.pem", ...key))).toMatchObject([{ where: "key.pem", rule: "privatekey" }]);
});

test("finds nothing in ordinary work", async () => {
  expect(await scan(request("Fixes the parser."), patchOf("a.ts", "const token = process.env.TOKEN;", "x"))).toEqual(
    [],
  );
});

test("finds a value after any number of tokens", async () => {
  const tokens = Array.from({ length: 60 }, (_, index) => `${TOKEN.slice(0, -2)}${index + 10}`);
  const { known, patterns } = await results(request(), patchOf("fixtures.txt", ...tokens, VALUE));
  expect(known.findings).toEqual([{ where: "fixtures.txt", line: 61, rule: "a secret of this tac8", isCertain: true }]);
  expect(patterns?.count).toBe(60);
  expect(patterns?.findings).toHaveLength(50);
});

test("the digest changes with another value in the same place, and with a value that is not listed", async () => {
  const digest = async (...lines: string[]) => (await results(request(), patchOf("a.txt", ...lines))).patterns?.digest;
  const many = Array.from({ length: 60 }, () => TOKEN);
  expect(await digest(TOKEN)).toBe(await digest(TOKEN));
  expect(await digest(TOKEN)).not.toBe(await digest(TOKEN.replace("x", "y")));
  expect(await digest(...many)).not.toBe(await digest(...many.with(59, TOKEN.replace("x", "y"))));
});

test("finds values and tokens in UTF-16", async () => {
  const patch = [
    `${patchOf("a.txt", "x")}\n+`,
    Buffer.from(`a ${VALUE}\n`, "utf16le"),
    Buffer.from(`+${TOKEN} b`, "utf16le"),
  ];
  const found = await scan(request(), Buffer.concat(patch.map((part) => Buffer.from(part))));
  expect(found).toMatchObject([{ rule: "a secret of this tac8" }]);
  const other = Buffer.concat([Buffer.from(`${patchOf("b.txt", "x")}\n+`), Buffer.from(TOKEN, "utf16le").swap16()]);
  expect(await scan(request(), other)).toMatchObject([{ where: "b.txt", rule: "github" }]);
});

test("finds a value in a line of many megabytes, wherever the parts of the line end", async () => {
  const line = Buffer.from("x".repeat(1024 * 1024 - 40) + VALUE + "y".repeat(300_000));
  const one = new Scan(request());
  one.push(Buffer.concat([Buffer.from(patchOf("a.txt", "").trimEnd()), line]));
  expect(one.known().findings).toMatchObject([{ where: "a.txt", line: 1, isCertain: true }]);
});

test("ignores values that are words", () => {
  expect(writtenForms("redis")).toEqual([]);
});

test("reads lines that look like headers as lines, and does not report removed or existing lines as added", () => {
  const patch = `${patchOf("a.txt", "one", "++ b/evil.txt", "diff --git a/x b/x")}\n-removed\n kept\n\\ No newline at end of file`;
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

test("a merge adds the lines that none of its parents has", () => {
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
