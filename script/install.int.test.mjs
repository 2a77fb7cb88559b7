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
  readlinkSync,
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
const NODE = `node-${process.platform}-${process.arch}`;
// Replaces npm: announces that it runs, waits for a line, and then exits as if it had installed everything, or fails.
const NPM = `#!/bin/sh
mkdir -p node_modules/pino && cp package-lock.json node_modules/.package-lock.json && echo new >node_modules/pino/index.js
mkdir -p node_modules/${NODE}/bin && echo >node_modules/${NODE}/bin/node && chmod 755 node_modules/${NODE}/bin/node
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
  // The machine's own Node, whichever Node runs the tests.
  write({ "tools/node": "#!/bin/sh\necho v26.0.0\n" });
  for (const tool of ["tools/npm", "tools/node"]) chmodSync(join(root, tool), 0o755);
});
const running = [];
afterEach(async () => {
  for (const { ended, kill } of running.splice(0)) {
    try {
      kill();
    } catch {
      // The installation has exited.
    }
    await ended;
  }
  rmSync(root, { recursive: true, force: true });
});

function write(files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Start an installation, and resolve when its npm is running. */
async function start(outcome) {
  const [go, ready] = [join(root, "tools/go"), join(root, "tools/ready")];
  for (const file of [go, ready]) rmSync(file, { force: true });
  await once(spawn("mkfifo", [go]), "exit");
  const PATH = [join(root, "tools"), process.env.PATH].join(delimiter);
  const env = { PATH, GO: go, READY: ready, OUTCOME: outcome };
  // In its own process group, so that npm ends with it.
  const stdio = ["ignore", "ignore", "pipe"];
  const child = spawn(process.execPath, ["install.mjs"], { cwd: root, env, detached: true, stdio });
  const errors = text(child.stderr);
  const ended = once(child, "exit").then(async ([code]) => ({ code, errors: await errors }));
  const kill = () => process.kill(-child.pid, "SIGKILL");
  running.push({ ended, kill });
  while (!existsSync(ready)) {
    if (child.exitCode !== null) throw new Error(`ended early: ${(await ended).errors}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { resume: () => writeFileSync(go, "\n"), kill, ended };
}

const inPlace = () => readFileSync(join(root, "node_modules/pino/index.js"), "utf8");
const staged = () => readdirSync(root).filter((name) => name.startsWith(".install-"));

it("an installation is prepared beside the current one, and then replaces it", async () => {
  const { resume, ended } = await start("installed");
  expect(inPlace()).toBe("old\n");
  resume();
  expect(await ended).toEqual({ code: 0, errors: "" });
  expect(inPlace()).toBe("new\n");
  expect(existsSync(join(root, "apps/a/node_modules/x"))).toBe(true);
  const commands = ["node", "tac8"].map((name) => readlinkSync(join(root, "node_modules/.bin", name)));
  expect(commands).toEqual([`../${NODE}/bin/node`, "../../bin/tac8.mjs"]);
  expect(staged()).toEqual([]);
});

it("an installation that fails keeps the current one, and says why", async () => {
  const { resume, ended } = await start("no network");
  resume();
  const { code, errors } = await ended;
  expect(code).toBe(1);
  expect(errors).toMatch(/npm error: no network\n.*exit code 1\nnpm ci failed: see the lines above/s);
  expect(inPlace()).toBe("old\n");
  expect(staged()).toEqual([]);
});

it("an installation that is killed keeps the current one; the next one removes its files, but not those of a running installation", async () => {
  write({ [`.install-${process.pid}-abc/x`]: "" });
  const first = await start("installed");
  first.kill();
  await first.ended;
  expect(inPlace()).toBe("old\n");
  expect(staged()).toHaveLength(2);
  const second = await start("installed");
  second.resume();
  expect(await second.ended).toEqual({ code: 0, errors: "" });
  expect(inPlace()).toBe("new\n");
  expect(staged()).toEqual([`.install-${process.pid}-abc`]);
});
