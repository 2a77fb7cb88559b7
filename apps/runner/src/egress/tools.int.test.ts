import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { glob, mkdir, readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "@tac8/core/app/findProgram";
import { execa } from "execa";
import { startModelApi } from "../../../../test/modelApi.ts";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { withSandboxSettings } from "../home/base/sandboxSettings.ts";
import type { Egress } from "./open.ts";
import { createEgressBench, type EgressBench } from "./testing/egressBench.ts";
import { freePort } from "./testing/freePort.ts";
import { runInside, type Output } from "./testing/inside.ts";

const BIN = fileURLToPath(new URL("../../../../node_modules/.bin", import.meta.url));
const STUB = fileURLToPath(new URL("../../fixtures/messages-api-stub.mjs", import.meta.url));
const KEY = "sk-ant-api03-canary-of-the-real-key-0123456789-AA";
const PUBLIC = "93.184.215.14";

let bench: EgressBench;
let egress: Egress;
let port = 0;
const run = (program: readonly string[], more: Partial<Parameters<typeof runInside>[1]> = {}): Promise<Output> =>
  runInside(program, { folder: join(bench.dir, "run0"), port, env: egress.env, cwd: bench.dir, ...more });

beforeEach(async () => {
  bench = await createEgressBench();
  port = await freePort();
});
afterEach(() => bench.close());

/** Open the egress of an agent on a machine whose proxy maps these hosts to servers of the test. */
async function open(
  routes: Readonly<Record<string, number>>,
  env: Readonly<Record<string, string>> = {},
  allow: readonly string[] = [],
): Promise<void> {
  for (const authority of Object.keys(routes)) bench.names.set(authority.split(":")[0] ?? "", [PUBLIC]);
  const proxy = await bench.machineProxy(routes);
  const paths = [dirname(process.execPath), BIN, process.env["PATH"] ?? ""];
  egress = await bench.open({
    port,
    allow,
    proxyEnv: { HTTPS_PROXY: proxy },
    env: {
      PATH: paths.join(delimiter),
      HOME: bench.dir,
      NODE_EXTRA_CA_CERTS: bench.ca,
      CURL_CA_BUNDLE: bench.ca,
      GIT_SSL_CAINFO: bench.ca,
      GIT_CONFIG_NOSYSTEM: "1",
      ...env,
    },
  });
}

/** The real `git http-backend`, which accepts every push. */
function gitServer(root: string, asked: string[]): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
    const child = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env["PATH"],
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: path,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        REMOTE_USER: "anybody",
      },
    });
    request.pipe(child.stdin);
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    child.once("close", () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf("\r\n\r\n");
      for (const line of all.subarray(0, end).toString().split("\r\n")) {
        const [name = "", value = ""] = line.split(/: ?/, 2);
        if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.end(all.subarray(end + 4));
    });
  };
}

test("git reads a public repository by https, and pushing is refused with a message", async () => {
  const root = join(bench.dir, "github");
  const origin = join(root, "octo/hello");
  await mkdir(origin, { recursive: true });
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: origin, encoding: "utf8" });
  git("init", "-q", "--bare", "-b", "main");
  git("config", "http.receivepack", "true");
  const made = git(
    "-c",
    "user.name=a",
    "-c",
    "user.email=a@b",
    "commit-tree",
    "-m",
    "one",
    git("mktree").trim(),
  ).trim();
  git("update-ref", "refs/heads/main", made);
  const asked: string[] = [];
  const https = await bench.serve(gitServer(root, asked), ["github.com"]);
  await open({ "github.com:443": https });

  for (const [name, url] of [
    ["a", "https://github.com/octo/hello"],
    ["b", "https://someone:secret@github.com/octo/hello"],
    ["c", "git@github.com:octo/hello"],
    ["d", "ssh://git@github.com/octo/hello"],
  ]) {
    const cloned = await run(["git", "clone", "-q", url ?? "", name ?? ""]);
    // A URL with a login uses CONNECT, which is refused.
    if (name === "b") expect(cloned.code).not.toBe(0);
    else expect(cloned).toMatchObject({ code: 0 });
  }
  // Data that is read there is public, so no credentials are sent there.
  const refs = "http://github.com/octo/hello/info/refs?service=git-upload-pack";
  expect((await run(["curl", "-sS", "-u", "someone:secret", "-b", "a=b", refs])).stdout).toContain("refs/heads/main");
  const tree = join(bench.dir, "a");
  const work = (...args: string[]): Promise<Output> =>
    run(["git", "-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: tree });
  expect(await work("commit", "-q", "--allow-empty", "-m", "two")).toMatchObject({ code: 0 });
  // With the origin's own URL, and with a login of another account.
  for (const remote of [
    "origin",
    "https://someone:secret@github.com/octo/hello",
    "http://someone:secret@github.com/octo/hello",
  ]) {
    const pushed = await work("push", remote, "HEAD:refs/heads/evil");
    expect(pushed.code).not.toBe(0);
    if (remote === "origin") {
      expect(pushed.stderr).toContain("pushing is refused: tac8 publishes the work of its agents itself");
    }
  }
  expect(git("for-each-ref", "--format=%(refname)").trim()).toBe("refs/heads/main");
  expect(asked.filter((line) => line.includes("receive-pack") || !line.endsWith(" -"))).toEqual([]);
  expect(egress.refused().map(({ host }) => host)).toEqual(["github.com"]);
  // The control: this server accepts a push from every client that reaches it.
  const resolved = ["-c", `http.curloptResolve=github.com:${https}:127.0.0.1`, "-c", `http.sslCAInfo=${bench.ca}`];
  const control = `https://github.com:${https}/octo/hello`;
  const env = { PATH: process.env["PATH"] ?? "", HOME: bench.dir };
  const pushed = await execa("git", [...resolved, "push", "-q", control, "HEAD:refs/heads/control"], {
    cwd: tree,
    env,
    extendEnv: false,
  });
  expect(pushed.exitCode).toBe(0);
  expect(git("for-each-ref", "--format=%(refname)")).toContain("refs/heads/control");
});

test("curl reaches an allowed host over TLS and the agent's own server on loopback, and shows why a host is refused", async () => {
  const https = await bench.serve((_, response) => response.end("from PyPI"), ["pypi.org"]);
  await open({ "pypi.org:443": https });
  expect((await run(["curl", "-sS", "https://pypi.org/simple/"])).stdout).toBe("from PyPI");
  const refused = await run(["curl", "-sS", "https://evil.example/"]);
  expect(refused).toMatchObject({ code: 56, stderr: expect.stringContaining("403") });
  expect((await run(["curl", "-sS", "http://evil.example/"])).stdout).toContain("may not connect to evil.example");
  const own = `require("http").createServer((_, r) => r.end("own")).listen(0, "127.0.0.1", function () {
    require("child_process").execFile("curl", ["-sS", "http://localhost:" + this.address().port], (e, out) => { process.stdout.write(out); process.exit(); });
  })`;
  expect((await run([process.execPath, "-e", own])).stdout).toBe("own");
  // Node's own fetch.
  const fetched = `fetch("https://pypi.org/").then((r) => r.text()).then(console.log)`;
  expect((await run([process.execPath, "-e", fetched])).stdout).toBe("from PyPI\n");
});

/** Start an npm registry with the package `tiny`. @returns its port */
async function npmRegistry(): Promise<number> {
  await mkdir(join(bench.dir, "src/package"), { recursive: true });
  await writeFile(join(bench.dir, "src/package/package.json"), `{"name":"tiny","version":"1.0.0","main":"index.js"}`);
  await writeFile(join(bench.dir, "src/package/index.js"), "module.exports = 42;\n");
  execFileSync("tar", ["czf", "../tiny.tgz", "package"], { cwd: join(bench.dir, "src") });
  const file = await readFile(join(bench.dir, "tiny.tgz"));
  const integrity = `sha512-${createHash("sha512").update(file).digest("base64")}`;
  const dist = { tarball: "https://registry.npmjs.org/tiny/-/tiny-1.0.0.tgz", integrity };
  const document = {
    name: "tiny",
    "dist-tags": { latest: "1.0.0" },
    versions: { "1.0.0": { name: "tiny", version: "1.0.0", main: "index.js", dist } },
  };
  return bench.serve(
    (request, response) => {
      if (request.url?.endsWith(".tgz") === true) {
        response.end(file);
        return;
      }
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(document));
    },
    ["registry.npmjs.org"],
  );
}

async function newProject(): Promise<string> {
  const project = join(bench.dir, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), `{"name":"project","private":true}`);
  return project;
}

test("npm installs a package from its registry", async () => {
  await open({ "registry.npmjs.org:443": await npmRegistry() });
  const project = await newProject();
  const installed = await run(["npm", "install", "tiny", "--no-audit", "--no-fund", "--fetch-retries=0"], {
    cwd: project,
  });
  expect(installed).toMatchObject({ code: 0 });
  expect(await readFile(join(project, "node_modules/tiny/index.js"), "utf8")).toContain("42");
  expect(egress.refused()).toEqual([]);
});

/** Not part of this repository: from the npm registry of this machine. */
const FETCHED = ["pnpm@12.21.0"];
const tools = mkdtempSync(join(tmpdir(), "tac8-tools-"));
const fetching = ["install", "--prefix", tools, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"];
const isFetched =
  spawnSync("npm", [...fetching, ...FETCHED], { stdio: "ignore", timeout: 60_000, cwd: tools }).status === 0;
if (!isFetched) process.stderr.write("skipped: pnpm through the proxy, because npm cannot fetch it\n");
afterAll(() => rmSync(tools, { recursive: true, force: true }));

test.skipIf(!isFetched)("pnpm installs a package from its registry", async () => {
  await open({ "registry.npmjs.org:443": await npmRegistry() }, { XDG_CACHE_HOME: join(bench.dir, "cache") });
  const project = await newProject();
  const pnpm = join(tools, "node_modules/.bin/pnpm");
  const store = `--store-dir=${join(bench.dir, "store")}`;
  expect(await run([pnpm, "add", "tiny", store], { cwd: project })).toMatchObject({ code: 0 });
  expect(await readFile(join(project, "node_modules/tiny/index.js"), "utf8")).toContain("42");
  expect(egress.refused()).toEqual([]);
});

test("playwright downloads a browser", async () => {
  const asked: string[] = [];
  const make = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    for name in ["chrome-headless-shell-linux64/chrome-headless-shell", "chrome-linux/headless_shell", "ffmpeg-linux"]:
        z.writestr(name, "a browser\\n")
`;
  const archive = join(bench.dir, "browser.zip");
  execFileSync("python3", ["-c", make, archive]);
  const file = await readFile(archive);
  const https = await bench.serve(
    (request, response) => {
      asked.push(`${request.headers.host}${request.url}`);
      response.setHeader("content-length", file.length);
      response.end(request.method === "HEAD" ? undefined : file);
    },
    ["cdn.playwright.dev", "playwright.download.prss.microsoft.com"],
  );
  const browsers = join(bench.dir, "browsers");
  await open(
    { "cdn.playwright.dev:443": https, "playwright.download.prss.microsoft.com:443": https },
    { PLAYWRIGHT_BROWSERS_PATH: browsers },
  );
  const cli = join(BIN, "../playwright-core/cli.js");
  const installed = await run([process.execPath, cli, "install", "chromium-headless-shell"]);
  expect(installed).toMatchObject({ code: 0 });
  expect(asked.length).toBeGreaterThan(0);
  const found = glob("*/chrome-headless-shell-linux64/chrome-headless-shell", { cwd: browsers });
  for await (const path of found) expect(await readFile(join(browsers, path), "utf8")).toBe("a browser\n");
  expect(egress.refused()).toEqual([]);
});

const hasPip = spawnSync("python3", ["-m", "pip", "--version"], { stdio: "ignore" }).status === 0;
if (!hasPip) process.stderr.write("skipped: pip through the proxy, because there is no pip here\n");

test.skipIf(!hasPip)("pip installs a package from its registry", async () => {
  const wheel = join(bench.dir, "tiny-1.0.0-py3-none-any.whl");
  const make = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("tiny.py", "answer = 42\\n")
    z.writestr("tiny-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0.0\\n")
    z.writestr("tiny-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr("tiny-1.0.0.dist-info/RECORD", "")
`;
  execFileSync("python3", ["-c", make, wheel]);
  const file = await readFile(wheel);
  const link = `<a href="https://files.pythonhosted.org/tiny-1.0.0-py3-none-any.whl">tiny-1.0.0-py3-none-any.whl</a>`;
  const https = await bench.serve(
    (request, response) => {
      if (request.url?.endsWith(".whl") === true) {
        response.end(file);
        return;
      }
      response.setHeader("content-type", "text/html");
      response.end(`<!DOCTYPE html><html><body>${link}</body></html>`);
    },
    ["pypi.org", "files.pythonhosted.org"],
  );
  const routes = { "pypi.org:443": https, "files.pythonhosted.org:443": https };
  await open(routes, { PIP_CONFIG_FILE: "/dev/null", PIP_CERT: bench.ca, PIP_DISABLE_PIP_VERSION_CHECK: "1" });
  const target = join(bench.dir, "packages");
  const installed = await run([
    "python3",
    "-m",
    "pip",
    "install",
    "--no-cache-dir",
    "--retries=0",
    "-t",
    target,
    "tiny",
  ]);
  expect(installed).toMatchObject({ code: 0 });
  expect(await readFile(join(target, "tiny.py"), "utf8")).toContain("42");
  expect(egress.refused()).toEqual([]);
});

const hasCargo = spawnSync("cargo", ["--version"], { stdio: "ignore" }).status === 0;
if (!hasCargo) process.stderr.write("skipped: cargo through the proxy, because there is no cargo here\n");

test.skipIf(!hasCargo)("cargo fetches a crate from its registry", async () => {
  const crate = join(bench.dir, "tiny-1.0.0");
  await mkdir(join(crate, "src"), { recursive: true });
  await writeFile(join(crate, "Cargo.toml"), `[package]\nname = "tiny"\nversion = "1.0.0"\nedition = "2021"\n`);
  await writeFile(join(crate, "src/lib.rs"), "");
  execFileSync("tar", ["czf", "tiny.crate", "tiny-1.0.0"], { cwd: bench.dir });
  const file = await readFile(join(bench.dir, "tiny.crate"));
  const cksum = createHash("sha256").update(file).digest("hex");
  const entry = { name: "tiny", vers: "1.0.0", deps: [], cksum, features: {}, yanked: false };
  const https = await bench.serve(
    (request, response) => {
      if (request.headers.host?.startsWith("static.") === true) response.end(file);
      else if (request.url === "/config.json") {
        response.end(JSON.stringify({ dl: "https://static.crates.io/crates", api: "https://crates.io" }));
      } else if (request.url === "/ti/ny/tiny") response.end(`${JSON.stringify(entry)}\n`);
      else response.writeHead(404).end();
    },
    ["index.crates.io", "static.crates.io"],
  );
  const home = process.env["HOME"] ?? "";
  await open(
    { "index.crates.io:443": https, "static.crates.io:443": https },
    {
      CARGO_HOME: join(bench.dir, "cargo"),
      CARGO_HTTP_CAINFO: bench.ca,
      RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? join(home, ".rustup"),
    },
  );
  const project = join(bench.dir, "rust");
  await mkdir(join(project, "src"), { recursive: true });
  await writeFile(join(project, "src/lib.rs"), "");
  const manifest = `[package]\nname = "project"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\ntiny = "1"\n`;
  await writeFile(join(project, "Cargo.toml"), manifest);
  expect(await run(["cargo", "fetch", "-q"], { cwd: project })).toMatchObject({ code: 0 });
  expect(await readFile(join(project, "Cargo.lock"), "utf8")).toContain(cksum);
  expect(egress.refused()).toEqual([]);
});

const hasGo = spawnSync("go", ["version"], { stdio: "ignore" }).status === 0;
if (!hasGo) process.stderr.write("skipped: go through the proxy, because there is no go here\n");

test.skipIf(!hasGo)("go downloads a module from its proxy", async () => {
  const make = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("example.test/tiny@v1.0.0/go.mod", "module example.test/tiny\\n")
    z.writestr("example.test/tiny@v1.0.0/tiny.go", "package tiny\\n\\nconst Answer = 42\\n")
`;
  const archive = join(bench.dir, "tiny.zip");
  execFileSync("python3", ["-c", make, archive]);
  const answers: Readonly<Record<string, string | Buffer>> = {
    "/example.test/tiny/@v/list": "v1.0.0\n",
    "/example.test/tiny/@v/v1.0.0.info": JSON.stringify({ Version: "v1.0.0" }),
    "/example.test/tiny/@v/v1.0.0.mod": "module example.test/tiny\n",
    "/example.test/tiny/@v/v1.0.0.zip": await readFile(archive),
  };
  const https = await bench.serve(
    ({ url = "" }, response) => {
      const answer = answers[url];
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    },
    ["proxy.golang.org"],
  );
  const gopath = join(bench.dir, "go");
  // The checksum database does not have this module.
  const env = { SSL_CERT_FILE: bench.ca, GOPATH: gopath, GOCACHE: join(bench.dir, "build"), GONOSUMDB: "example.test" };
  await open(
    { "proxy.golang.org:443": https },
    { ...env, GOFLAGS: "-modcacherw", GOROOT: process.env["GOROOT"] ?? "" },
  );
  const project = join(bench.dir, "golang");
  await mkdir(project);
  await writeFile(join(project, "go.mod"), "module project\n\ngo 1.19\n\nrequire example.test/tiny v1.0.0\n");
  expect(await run(["go", "mod", "download", "example.test/tiny"], { cwd: project })).toMatchObject({ code: 0 });
  expect(await readFile(join(gopath, "pkg/mod/example.test/tiny@v1.0.0/tiny.go"), "utf8")).toContain("42");
  expect(egress.refused()).toEqual([]);
});

const hasJava = ["java", "javac", "keytool"].every((name) => {
  const path = process.env["PATH"] ?? "";
  return findProgram(name, { path, cwd: "/" }) !== null;
});
if (!hasJava) process.stderr.write("skipped: Java through the proxy, because there is no JDK here\n");

/** Options with which Java trusts the servers of the test. */
function javaTrust(): string {
  const store = join(bench.dir, "trust.p12");
  const trust = ["-importcert", "-noprompt", "-file", bench.ca, "-keystore", store, "-storepass", "changeit"];
  execFileSync("keytool", trust, { stdio: "ignore" });
  return `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=changeit`;
}

test.skipIf(!hasJava)("a Java program, such as Gradle or Maven, reads from a registry", async () => {
  const https = await bench.serve((_, response) => response.end("from Maven Central"), ["repo.maven.apache.org"]);
  await open({ "repo.maven.apache.org:443": https }, { JAVA_TOOL_OPTIONS: javaTrust() });
  const read = "System.out.print(new String(new java.net.URL(args[0]).openStream().readAllBytes()));";
  const program = `class Fetch { public static void main(String[] args) throws Exception { ${read} } }`;
  await writeFile(join(bench.dir, "Fetch.java"), program);
  const fetched = await run(["java", "Fetch.java", "https://repo.maven.apache.org/maven2/"]);
  expect(fetched).toMatchObject({ code: 0, stdout: "from Maven Central" });
  const refused = await run(["java", "Fetch.java", "https://evil.example/"]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("403") });
});

const hasGradle = hasJava && findProgram("gradle", { path: process.env["PATH"] ?? "", cwd: "/" }) !== null;
if (!hasGradle) process.stderr.write("skipped: Gradle through the proxy, because there is no Gradle here\n");

test.skipIf(!hasGradle)(
  "gradle resolves a dependency from its registry, and another host is refused",
  async () => {
    const coordinates = "<groupId>example.test</groupId><artifactId>tiny</artifactId><version>1.0.0</version>";
    const pom = `<project><modelVersion>4.0.0</modelVersion>${coordinates}</project>`;
    const jar = join(bench.dir, "tiny.jar");
    execFileSync("python3", [
      "-c",
      'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w").writestr("tiny.txt", "42")',
      jar,
    ]);
    const files = new Map<string, string | Buffer>([
      ["/maven2/example/test/tiny/1.0.0/tiny-1.0.0.pom", pom],
      ["/maven2/example/test/tiny/1.0.0/tiny-1.0.0.jar", await readFile(jar)],
    ]);
    // Gradle 4 has one address of Maven Central, and later versions the other.
    const hosts = ["repo.maven.apache.org", "repo1.maven.org"];
    const https = await bench.serve(({ url = "" }, response) => {
      const file = files.get(url);
      response.writeHead(file === undefined ? 404 : 200).end(file);
    }, hosts);
    await open(Object.fromEntries(hosts.map((host) => [`${host}:443`, https])), {
      JAVA_TOOL_OPTIONS: javaTrust(),
      GRADLE_USER_HOME: join(bench.dir, "gradle"),
      JAVA_HOME: process.env["JAVA_HOME"] ?? "",
    });
    const project = join(bench.dir, "java");
    await mkdir(project);
    const build = (repository: string) => `repositories { ${repository} }
configurations { got }
dependencies { got "example.test:tiny:1.0.0" }
task resolve { doLast { configurations.got.each { println "got " + it.name } } }
`;
    const resolve = async (repository: string) => {
      await writeFile(join(project, "build.gradle"), build(repository));
      await writeFile(join(project, "settings.gradle"), "");
      return run(["gradle", "--no-daemon", "--quiet", "resolve"], { cwd: project });
    };
    const refused = await resolve('maven { url "https://evil.example/maven2" }');
    expect(refused.code).not.toBe(0);
    expect(egress.refused()).toMatchObject([{ host: "evil.example" }]);
    expect(await resolve("mavenCentral()")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("got tiny-1.0.0.jar"),
    });
    expect(egress.refused()).toHaveLength(1);
  },
  300_000,
);

test.each([
  ["ANTHROPIC_API_KEY", KEY],
  ["ANTHROPIC_AUTH_TOKEN", KEY],
  ["CLAUDE_CODE_OAUTH_TOKEN", KEY.replace("api03", "oat01")],
])(
  "Claude Code itself with %s works with a placeholder, and the real key is nowhere in its environment",
  async (name, real) => {
    const received: string[] = [];
    // In front of the stub, to see which key arrives there.
    const stub = spawn(process.execPath, [STUB], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const stubPort = await new Promise<number>((resolve) =>
        stub.stdout.once("data", (d: Buffer) => resolve(Number(d.toString()))),
      );
      const front = await bench.serve((request, response) => {
        received.push(
          `${request.method} ${request.url} ${String(request.headers["x-api-key"] ?? request.headers.authorization)}`,
        );
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        request.once("end", () => {
          const pass = async (): Promise<void> => {
            const answer = await fetch(`http://127.0.0.1:${stubPort}${request.url}`, {
              method: request.method ?? "GET",
              ...(request.method === "POST" ? { body: Buffer.concat(parts) } : {}),
            });
            response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
            response.end(Buffer.from(await answer.arrayBuffer()));
          };
          pass().catch(() => response.destroy());
        });
      });
      await open(
        {},
        {
          [name]: real,
          ANTHROPIC_BASE_URL: `http://127.0.0.1:${front}`,
          CLAUDE_CONFIG_DIR: join(bench.dir, "claude"),
          CLAUDE_CODE_TMPDIR: bench.dir,
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
          DISABLE_AUTOUPDATER: "1",
          IS_SANDBOX: "1",
        },
      );
      const tree = join(bench.dir, "tree");
      await mkdir(tree);
      const seen = join(bench.dir, "seen");
      const probe = `cat /proc/$CLAUDE_PID/environ >${seen}; env >>${seen}; curl -sS http://evil.example/`;
      const steps = [{ tool: "Bash", input: { command: probe } }, { text: "Done." }];
      const done = await run(
        [
          "claude",
          "-p",
          `do it @@stub ${JSON.stringify(steps)}@@`,
          "--model",
          "claude-sonnet-4-5",
          "--dangerously-skip-permissions",
        ],
        { cwd: tree },
      );
      expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("Done.") });
      expect(received.length).toBeGreaterThanOrEqual(2);
      for (const line of received) expect(line).toContain(real);
      const environment = await readFile(seen, "utf8");
      // The CLI's own environment, and the environment of its commands, which the CLI removes some tokens from.
      expect(environment).toContain(`${name}=${egress.env[name]}`);
      expect(environment).not.toContain("canary-of-the-real-key");
      // The CLI's own figures must equal the proxy's count: two answers of the stub.
      expect(Object.values(egress.usage().models)).toEqual([
        expect.objectContaining({
          inputTokens:
            100 * received.filter((line) => line.includes("/v1/messages?") || line.includes("/v1/messages ")).length,
        }),
      ]);
      expect(egress.refused()).toEqual([{ host: "evil.example", times: 1 }]);
    } finally {
      stub.kill();
    }
  },
);

test.each([
  { what: "as for agents in a sandbox", files: withSandboxSettings([]), fetched: true },
  { what: "without tac8's setting", files: [], fetched: false },
])("WebFetch of Claude Code reads a page of an allowed host, but not of another one: $what", async (row) => {
  const asked: string[] = [];
  const https = await bench.serve(
    (request, response) => {
      asked.push(`${request.headers.host}${request.url}`);
      response.setHeader("content-type", "text/plain");
      response.end("The words of the page.");
    },
    ["docs.example", "evil.example"],
  );
  const api = await startModelApi();
  try {
    const routes = { "docs.example:443": https, "evil.example:443": https };
    const env = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: api.url, CLAUDE_CODE_TMPDIR: bench.dir, IS_SANDBOX: "1" };
    await open(routes, { ...env, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" }, [
      "docs.example",
    ]);
    await mkdir(join(bench.dir, ".claude"));
    for (const { path, bytes } of row.files) await writeFile(join(bench.dir, ".claude", path), bytes);
    const fetch = (host: string) => ({
      tool: "WebFetch",
      input: { url: `https://${host}/page`, prompt: "Repeat the page." },
    });
    const steps = [fetch("docs.example"), fetch("evil.example"), { text: "Done." }];
    const prompt = `do it @@stub ${JSON.stringify(steps)}@@`;
    const done = await run([
      "claude",
      "-p",
      prompt,
      "--setting-sources=user",
      "--model",
      "claude-sonnet-4-5",
      "--dangerously-skip-permissions",
    ]);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("Done.") });
    expect(asked).toEqual(row.fetched ? ["docs.example/page"] : []);
    expect((await api.sent()).includes("The words of the page.")).toBe(row.fetched);
    expect(egress.refused().map(({ host }) => host)).toEqual(row.fetched ? ["evil.example"] : ["api.anthropic.com"]);
  } finally {
    await api.stop();
  }
});
