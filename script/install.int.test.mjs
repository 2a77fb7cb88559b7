import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = { packages: { "": {}, "apps/a": { version: "1.0.0" }, "node_modules/pino": { version: "2.0.0" } } };
// Stands in for npm: says where it is, waits for a line, and then has installed everything, or fails.
const NPM = `#!/bin/sh
mkdir -p node_modules/pino && cp package-lock.json node_modules/.package-lock.json && echo new >node_modules/pino/index.js
mkdir -p apps/a/node_modules && echo nested >apps/a/node_modules/x
test -f apps/a/package.json || exit 9
touch "$READY"
read -r _ <"$GO"
echo "npm error: $OUTCOME" >&2
test "$OUTCOME" = installed
`;
const INSTALL = `
import { installPackages } from "./script/packages.mjs";
try {
  installPackages({ root: process.cwd(), dev: false });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
`;

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tac8-install-"));
  for (const path of ["script", "bin", "packages/build"])
    cpSync(join(REPOSITORY, path), join(root, path), { recursive: true });
  const files = {
    "package.json": '{"type": "module"}',
    ".npmrc": "",
    "apps/a/package.json": "{}",
    "install.mjs": INSTALL,
  };
  const old = { "node_modules/pino/index.js": "old\n", "node_modules/.package-lock.json": '{"packages": {}}' };
  write({ ...files, ...old, "package-lock.json": JSON.stringify(LOCK), "tools/npm": NPM });
  // The machine's own Node, whichever runs the tests.
  write({ "tools/node": "#!/bin/sh\necho v26.0.0\n" });
  for (const tool of ["tools/npm", "tools/node"]) chmodSync(join(root, tool), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Starts an installation, and looks at what is there while npm is at work. */
async function install(outcome, meanwhile) {
  const [go, ready] = [join(root, "tools/go"), join(root, "tools/ready")];
  const PATH = [join(root, "tools"), process.env.PATH].join(delimiter);
  const setUp = spawn("mkfifo", [go]);
  await once(setUp, "exit");
  const env = { PATH, GO: go, READY: ready, OUTCOME: outcome };
  const child = spawn(process.execPath, ["install.mjs"], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const errors = text(child.stderr);
  while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 10));
  meanwhile();
  writeFileSync(go, "\n");
  const [code] = await once(child, "exit");
  return { code, errors: await errors };
}

const inPlace = () => readFileSync(join(root, "node_modules/pino/index.js"), "utf8");
const staged = () => readdirSync(root).filter((name) => name.startsWith(".install-"));

it("an installation is made ready beside the one in use, and then takes its place", async () => {
  const { code, errors } = await install("installed", () => expect(inPlace()).toBe("old\n"));
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(inPlace()).toBe("new\n");
  expect(existsSync(join(root, "apps/a/node_modules/x"))).toBe(true);
  expect(staged()).toEqual([]);
});

it("an installation that fails leaves the one in use, and says why", async () => {
  const { code, errors } = await install("no network", () => expect(inPlace()).toBe("old\n"));
  expect(code).toBe(1);
  expect(errors).toMatch(/npm error: no network\n.*exit code 1\nnpm ci failed: see the lines above/s);
  expect(inPlace()).toBe("old\n");
  expect(staged()).toEqual([]);
});

it("what a killed installation has left is removed by the next one", async () => {
  const dead = spawn("true");
  await once(dead, "exit");
  write({ [`.install-${dead.pid}-abc/node_modules/x`]: "", [`.install-${process.pid}-abc/x`]: "" });
  await install("installed", () => undefined);
  expect(staged()).toEqual([`.install-${process.pid}-abc`]);
});
