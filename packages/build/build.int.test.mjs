import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stop } from "esbuild";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { build, bundleEntry } from "./build.mjs";
import { ensureBuilt } from "./ensure.mjs";
import { ENTRIES } from "./entries.mjs";

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tac8-build-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => stop());

function write(files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function childrenOfThis() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
        return parent === String(process.pid) ? [stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"))] : [];
      } catch {
        return []; // It ended.
      }
    });
}

function run(...args) {
  return spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", timeout: 20_000 });
}

describe("a build of two small programs", () => {
  const entries = [
    { name: "first", source: "apps/a/src/main.ts" },
    { name: "second", source: "apps/a/src/inner/main.ts", executable: true },
  ];
  const MAIN = `
import { readFileSync, existsSync } from "node:fs";
import { shout } from "shout";
const second = new URL("inner/main.ts", import.meta.url);
const page: URL = new URL("../client/page.css", import.meta.url);
const pages = new URL("../../../node_modules/pages", import.meta.url);
if (process.argv[3]) process.title = process.argv[3];
console.log(shout(readFileSync(page, "utf8")), second.pathname.endsWith("/dist/second.js"), existsSync(new URL("pages/dist/x.html", new URL(".", pages))));
setInterval(() => {}, process.argv[2] === "stay" ? 1000 : 2 ** 30).unref();
if (process.argv[2] === "stay") process.stdin.resume();
`;
  beforeEach(() =>
    write({
      "package.json": JSON.stringify({ version: "1.2.3", type: "module" }),
      "package-lock.json": "{}",
      "apps/a/src/main.ts": MAIN,
      "apps/a/src/inner/main.ts": "const text: string = 'second'; console.log(text);",
      "apps/a/client/page.css": "body {}",
      "packages/b/b.ts": "export const b = 1;",
      "bin/tac8.mjs": "",
      "node_modules/shout/package.json": JSON.stringify({
        name: "shout",
        version: "4.5.6",
        license: "MIT",
        main: "index.js",
      }),
      "node_modules/shout/index.js":
        'const { EOL } = require("os"); exports.shout = (text) => text.toUpperCase() + EOL.length;',
      "node_modules/shout/LICENSE": "Permission is granted.",
      "node_modules/pages/package.json": JSON.stringify({ name: "pages", version: "7.8.9" }),
      "node_modules/pages/dist/x.html": "<p>",
    }),
  );

  it("runs without sources and packages, finds its files, and is reproducible", async () => {
    await build({ root, entries });
    const text = readFileSync(join(root, "dist/first.js"), "utf8");
    await build({ root, entries });
    expect(readFileSync(join(root, "dist/first.js"), "utf8")).toBe(text);
    cpSync(join(root, "dist"), join(root, "elsewhere/dist"), { recursive: true });
    for (const folder of ["apps", "packages", "node_modules", "dist"]) rmSync(join(root, folder), { recursive: true });
    const { stdout, stderr } = run("elsewhere/dist/first.js");
    expect({ stdout, stderr }).toEqual({ stdout: "BODY {}1 true true\n", stderr: "" });
    expect(statSync(join(root, "elsewhere/dist/second.js")).mode & 0o111).not.toBe(0);
    const licences = readFileSync(join(root, "elsewhere/dist/THIRD-PARTY-LICENCES.txt"), "utf8");
    expect(licences).toContain("shout 4.5.6 (MIT)\n\nPermission is granted.");
    expect(licences).toContain("pages 7.8.9 (licence not stated)");
  });

  it("says which Node it needs, where an older one runs it", async () => {
    await build({ root, entries });
    const older = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"20.1.0"}})';
    const { status, stderr } = run("--import", older, "dist/first.js");
    expect(status).toBe(78);
    expect(stderr).toMatch(/^tac8 needs Node 22\.12 or newer, and this is v\S+: start it with the tac8 command.*\n$/);
  });

  it("runs a CommonJS program in strict mode, as its source would run, and maps its stack", async () => {
    write({ "apps/a/src/inner/main.ts": "const fixed: { a: number } = Object.freeze({ a: 1 }); fixed.a = 2;" });
    await build({ root, entries: [{ name: "third", source: "apps/a/src/inner/main.ts", commonJs: true }] });
    const { status, stderr } = run("dist/third.cjs");
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("TypeError: Cannot assign to read only property 'a'"),
    ]);
    cpSync(join(REPOSITORY, "script/stack.mjs"), join(root, "script/stack.mjs"));
    const mapped = spawnSync(process.execPath, ["script/stack.mjs"], { cwd: root, input: stderr, encoding: "utf8" });
    expect(mapped.stdout).toContain("apps/a/src/inner/main.ts:1:");
  });

  it("leaves no process of the bundler, and files that other users can read", async () => {
    await build({ root, entries });
    const bundlers = () => childrenOfThis().filter((name) => name.startsWith("esbuild"));
    await vi.waitFor(() => expect(bundlers()).toEqual([]), { timeout: 20_000 });
    expect(statSync(join(root, "dist")).mode & 0o777).toBe(0o755);
  });

  it("that fails leaves the one before, and nothing else", async () => {
    await build({ root, entries });
    const before = readdirSync(root);
    write({ "apps/a/src/main.ts": 'import "./missing.ts";' });
    await expect(build({ root, entries })).rejects.toThrow(/missing\.ts/);
    write({ "apps/a/src/main.ts": 'new URL("missing.css", import.meta.url);' });
    await expect(build({ root, entries })).rejects.toThrow(/names apps\/a\/src\/missing\.css, which is missing/);
    write({ "apps/a/src/main.ts": "new URL(`missing.css`, import.meta.url);" });
    await expect(build({ root, entries })).rejects.toThrow(/main\.ts uses import\.meta otherwise than in/);
    write({ "apps/a/src/main.ts": 'import "../../../elsewhere.ts";', "elsewhere.ts": "1;" });
    await expect(build({ root, entries })).rejects.toThrow("these sources are not in fingerprint.mjs: elsewhere.ts");
    rmSync(join(root, "elsewhere.ts"));
    expect(readdirSync(root)).toEqual(before);
    expect(run("dist/second.js").stdout).toBe("second\n");
  });

  it("has maps with which a stack leads to the sources", async () => {
    write({
      "apps/a/src/inner/main.ts": "type T = string;\n\nconst fail = (): T => {\n  throw new Error('no');\n};\nfail();",
    });
    cpSync(join(REPOSITORY, "script/stack.mjs"), join(root, "script/stack.mjs"));
    await build({ root, entries });
    const { stderr } = run("dist/second.js");
    expect(stderr).toMatch(/dist\/second\.js:\d+/);
    const mapped = spawnSync(process.execPath, ["script/stack.mjs"], { cwd: root, input: stderr, encoding: "utf8" });
    expect(mapped.stdout).toMatch(/Error: no\n +at fail \(apps\/a\/src\/inner\/main\.ts:4:9\)/);
  });

  it.each([
    ["../dist/first.js", ""],
    ["link/dist/first.js", ""],
    ["../dist/first.js", "tac8 first"],
  ])("is refused while %s runs, with the title %j", async (path, title) => {
    await build({ root, entries });
    mkdirSync(join(root, "cwd"));
    symlinkSync(root, join(root, "cwd/link"));
    const child = spawn(process.execPath, [path, "stay", title], { cwd: join(root, "cwd"), stdio: "pipe" });
    await once(child.stdout, "data");
    await expect(build({ root, entries })).rejects.toThrow(
      `dist/ cannot be built again while a tac8 runs from ${join(root, "dist")} (process ${child.pid}): stop that first`,
    );
    child.stdin.end();
    await once(child, "exit");
    await build({ root, entries });
  });
});

it("builds again only when the content of a source has changed", async () => {
  const output = [];
  const say = (line) => output.push(line.replace(/[\d.]+ s/, "N s"));
  for (const { source } of ENTRIES) write({ [source]: "console.log(1);" });
  write({ "package.json": JSON.stringify({ version: "1.2.3" }), "package-lock.json": "{}", "bin/tac8.mjs": "" });
  await ensureBuilt({ root, say });
  await ensureBuilt({ root, say });
  write({ [ENTRIES[0].source]: "console.log(1);" }); // Newer, and the same.
  write({ "apps/scheduler/src/plan.test.ts": "1" });
  await ensureBuilt({ root, say });
  write({ [ENTRIES[0].source]: "console.log(2);" });
  await ensureBuilt({ root, say });
  expect(output).toEqual(["Built dist/ in N s", "Built dist/ in N s: the sources have changed"]);
});

it("`tac8 --help` and `tac8 status` load neither octokit nor express", async () => {
  const entry = ENTRIES.find(({ name }) => name === "cli");
  const { outputs } = await bundleEntry(entry, {
    root: REPOSITORY,
    outdir: join(root, "out"),
    entries: ENTRIES,
    assets: new Set(),
  });
  const find = (name) => Object.keys(outputs).find((path) => path.includes(name) && path.endsWith(".js"));
  const help = packagesOf(outputs, [find("/cli.js")]);
  const status = packagesOf(outputs, [find("/cli.js"), find("/cli-status-")]);
  const add = packagesOf(outputs, [find("/cli-add-")]);
  // fast-string-width wraps the line of an error.
  expect(help).toEqual(["commander", "fast-string-truncated-width", "fast-string-width"]);
  expect(status).toEqual(expect.arrayContaining(["ioredis", "bullmq"]));
  expect([...status].filter((name) => /octokit|express/.test(name))).toEqual([]);
  expect(add).toContain("@octokit/rest"); // It would be found.
});

it("the search for secrets loads no library for schemas, which takes longer to load than its rules", async () => {
  const entry = ENTRIES.find(({ name }) => name === "secrets");
  const options = { root: REPOSITORY, outdir: join(root, "out"), entries: ENTRIES, assets: new Set() };
  const { outputs } = await bundleEntry(entry, options);
  const packages = packagesOf(outputs, [Object.keys(outputs).find((path) => path.endsWith("/secrets.js"))]);
  expect(packages).toContain("@secretlint/core");
  expect(packages).not.toContain("zod");
});

it("the programs that each run starts load no package, because their start takes most of their time", async () => {
  for (const name of ["guard", "place-helper", "egress", "forwarder"]) {
    const entry = ENTRIES.find((one) => one.name === name);
    const options = { root: REPOSITORY, outdir: join(root, name), entries: ENTRIES, assets: new Set() };
    const { outputs } = await bundleEntry(entry, options);
    const main = Object.keys(outputs).find((path) => path.endsWith(`/${name}.cjs`));
    expect([name, packagesOf(outputs, [main])]).toEqual([name, []]);
  }
});

/** The npm packages in these files and in everything that they import at once. */
function packagesOf(outputs, files) {
  const seen = new Set();
  const visit = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: next, kind } of outputs[path].imports)
      if (kind === "import-statement" && outputs[next]) visit(next);
  };
  files.forEach(visit);
  const inputs = [...seen].flatMap((path) => Object.entries(outputs[path].inputs));
  const names = inputs.map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter(Boolean))].sort((a, b) => (a < b ? -1 : 1));
}
