import type { LeftOutReason } from "@tac8/core/domain/leftOut";
import { describe, expect, test } from "vitest";
import { generatedFolder } from "./generated.ts";
import { decideOn, whyLeftOut, type UncommittedFile } from "./leaveOut.ts";

type Parts = Partial<Omit<UncommittedFile, "head">> & { readonly text?: string | Buffer };

function fileOf(path: string, { text = "text\n", ...parts }: Parts = {}): UncommittedFile {
  const head = Buffer.from(text);
  return { path, tracked: false, kind: "file", size: head.length, filter: null, ...parts, head };
}

const MB = 1_000_000;
const RSA = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n";
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIE\n";
const ACCOUNT = '{ "type": "service_account", "private_key_id": "x", "private_key": "…" }';
const KUBE = "apiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    token: abc\n";
const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:x\n";
const elf = (type: number) =>
  Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(9), Buffer.from([type, 0, 0])]);

describe("what goes into a commit", () => {
  test.each<[string, Parts?]>([
    ["src/index.ts"],
    ["README.md", { text: `Put your key here:\n${RSA}` }],
    ["src/env.ts", { text: "export const TOKEN = 'x'\n" }],
    ["src/secrets.py"],
    ["src/credentials.go"],
    ["test/keys.test.ts", { text: `const key = \`${RSA}\`` }],
    [".env.example", { text: "API_KEY=change-me\n" }],
    [".env.sample", { text: "API_KEY=change-me\n" }],
    ["config/.env.template", { text: "API_KEY=change-me\n" }],
    [".env.test", { text: "PORT=3000\nDEBUG=1\n" }],
    ["environment.md"],
    [".npmrc", { text: "registry=https://registry.example.com\n//x/:_authToken=${NPM_TOKEN}\n" }],
    ["certs/ca.pem", { text: CERTIFICATE }],
    ["id_rsa.pub", { text: "ssh-rsa AAAA\n" }],
    ["chart/templates/secret.yaml", { text: "data:\n  a: {{ .Values.a }}\n" }],
    ["tsconfig.json", { text: '{ "type": "module" }' }],
    ["deploy.yaml", { text: "kind: Deployment\n" }],
    [".gitkeep", { text: "" }],
    [".nojekyll", { text: "" }],
    [".dockerignore", { text: "" }],
    [".prettierrc", { text: "" }],
    ["src/__init__.py", { text: "" }],
    [".github/workflows/ci.yml"],
    ["core", { text: "a file of the project\n" }],
    ["lib/core.ts"],
    ["bin/tool", { text: elf(2) }],
    ["image.png", { size: 4 * MB }],
    ["link", { kind: "link", size: 9 }],
    [".env", { kind: "missing" }],
    ["big.bin", { filter: "lfs", text: POINTER }],
    ["notebook.ipynb", { filter: "nbstripout" }],
    // A file that HEAD has is included.
    [".env", { tracked: true, text: "API_KEY=x\n" }],
    ["data.bin", { tracked: true, size: 90 * MB }],
    [".bashrc", { tracked: true, text: "" }],
    ["notes~", { tracked: true }],
  ])("%s", (path, parts) => {
    expect(whyLeftOut(fileOf(path, parts))).toBeNull();
  });
});

describe("what stays out of it", () => {
  test.each<[string, LeftOutReason, Parts?]>([
    [".env", "secret", { text: "API_KEY=x\n" }],
    ["apps/web/.env.local", "secret", { text: "PORT=1\n" }],
    [".env.production", "secret", { text: "PORT=1\nexport DB_PASSWORD='x'\n" }],
    ["staging.env", "secret", { text: "DATABASE=postgres://u:p@db/x\n" }],
    ["id_ed25519", "secret"],
    ["deploy_key", "secret", { text: RSA }],
    ["docs/key.md", "secret", { text: `\n${RSA}` }],
    ["server.key", "secret", { text: "\x30\x82" }],
    ["certs/all.pem", "secret", { text: `${CERTIFICATE}${RSA}` }],
    ["release.p12", "secret"],
    [".npmrc", "secret", { text: "//registry.npmjs.org/:_authToken=npm_abc\n" }],
    [".yarnrc.yml", "secret", { text: "npmAuthToken: abc\n" }],
    [".netrc", "secret"],
    [".pypirc", "secret"],
    [".git-credentials", "secret"],
    ["credentials.json", "secret", { text: "{}" }],
    ["config/gcp.json", "secret", { text: ACCOUNT }],
    ["home/.aws/credentials", "secret", { text: "[default]\n" }],
    ["aws.txt", "secret", { text: "[default]\naws_secret_access_key = x\n" }],
    ["cluster.yaml", "secret", { text: KUBE }],
    ["prod.tfvars", "secret"],
    ["key.txt", "secret", { text: `a key:\n${RSA}` }],
    ["core", "dump", { text: elf(4), size: 30 * MB }],
    ["core.1234", "dump"],
    ["java_pid12.hprof", "dump"],
    ["data.csv", "huge", { size: 6 * MB }],
    ["data.bin", "huge", { tracked: true, size: 100 * MB }],
    [".bashrc", "empty", { text: "" }],
    [".mcp.json", "empty", { text: "" }],
    ["src/.a.ts.swp", "temporary"],
    ["notes.txt~", "temporary"],
    ["#notes#", "temporary"],
    [".#lock", "temporary", { kind: "link" }],
    [".DS_Store", "generated"],
    ["a/b.pyc", "generated"],
    ["tsconfig.tsbuildinfo", "generated"],
    [".claude/settings.local.json", "generated"],
    ["pipe", "special", { kind: "other" }],
    ["x", "unreadable", { kind: "unreadable" }],
    ["README.md", "unreadable", { kind: "unreadable", tracked: true }],
    ["vendor", "repository", { kind: "repository" }],
    ["big.bin", "filter", { filter: "lfs", size: 30 * MB }],
    ["secrets/a", "filter", { filter: "git-crypt", tracked: true }],
  ])("%s: %s", (path, why, parts) => {
    expect(whyLeftOut(fileOf(path, parts))).toBe(why);
  });
});

test("the total size is limited, and small files are included first", () => {
  const files = [...Array(12).keys()].map((index) => fileOf(`${index}.bin`, { size: 4.9 * MB }));
  const { save, leave } = decideOn([...files, fileOf("z.ts"), fileOf("old.bin", { tracked: true, size: 60 * MB })]);
  expect(save).toHaveLength(12);
  expect(save).toContain("z.ts");
  expect(leave).toHaveLength(2);
  expect(new Set(leave.map(({ why }) => why))).toEqual(new Set(["total"]));
});

test.each<[string, string | null]>([
  ["node_modules/a/b.js", "node_modules/"],
  ["packages/web/node_modules/a/b.js", "packages/web/node_modules/"],
  [".venv/bin/python", ".venv/"],
  ["src/__pycache__/a.pyc", "src/__pycache__/"],
  ["tool.egg-info/PKG-INFO", "tool.egg-info/"],
  ["dist/index.js", "dist/"],
  ["target/debug/x", "target/"],
  ["crates/a/target/debug/x", "crates/a/target/"],
  ["packages/web/dist/index.js", "packages/web/dist/"],
  ["src/target/mod.rs", null],
  ["src/dist/index.ts", null],
  ["build/release.sh", null],
  ["src/build/index.ts", null],
  ["node_modules", null],
  ["constructor/a.ts", null],
])("the generated folder of %s is %s", async (path, folder) => {
  const described: Readonly<Record<string, readonly string[]>> = {
    "crates/a/": ["Cargo.toml"],
    "packages/web/": ["package.json"],
  };
  expect(await generatedFolder(path, async (parent) => described[parent] ?? [])).toBe(folder);
});
