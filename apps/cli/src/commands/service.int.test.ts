import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";

let lab: Lab;
let env: Record<string, string>;
let unit: string;
beforeEach(() => {
  lab = openLab();
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
  writeFileSync(join(lab.dir, "token"), "ghp_16C7e42F292c6912E7710c838347Ae178B4a\n");
  const bin = join(lab.dir, "bin");
  mkdirSync(bin);
  // Programs that replace systemd's. They write their arguments to a file, and fail if they cannot reach a manager.
  for (const name of ["systemctl", "loginctl", "sleep"]) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>"$HOME/calls"\ntest ! -e "$HOME/no-${name}"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  env = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, GITHUB_TOKEN_FILE: join(lab.dir, "token") };
  unit = join(lab.dir, ".config/systemd/user/tac8.service");
});
afterEach(() => lab.close());

const calls = () => readFileSync(join(lab.dir, "calls"), "utf8").trim().split("\n");

it("writes a unit of this user, without secrets, starts it, and removes it again", async () => {
  const cli = lab.start(["service", "install"], { ...env, ANTHROPIC_API_KEY: "sk-ant-not-for-the-unit" });
  expect((await cli.ended).code).toBe(0);
  expect(cli.stdout()).toMatch(/^tac8 now runs as a service \(.*tac8\.service\): follow its logs with tac8 logs -f/);
  const text = readFileSync(unit, "utf8");
  expect(text).toContain(`"/opt/tac8/bin/tac8.mjs" "--config" "${lab.dir}/config.toml" "up"\n`);
  expect(text).toContain(`Environment="GITHUB_TOKEN_FILE=${lab.dir}/token"\n`);
  expect(text).not.toContain("sk-ant");
  expect(calls()).toEqual(
    expect.arrayContaining([
      "systemctl --user daemon-reload",
      "systemctl --user enable tac8.service",
      "systemctl --user restart tac8.service",
      "loginctl enable-linger",
    ]),
  );
  expect((await lab.start(["service", "uninstall"], env).ended).code).toBe(0);
  expect(existsSync(unit)).toBe(false);
  expect(calls()).toContain("systemctl --user disable --now tac8.service");
});

it("refuses a token that only this shell has, because a service would not get it", async () => {
  const { PATH = "" } = env;
  const cli = lab.start(["service", "install"], { PATH, GITHUB_TOKEN: "ghp_16C7e42F292c6912E7710c838347Ae178B4a" });
  expect((await cli.ended).code).toBe(1);
  expect(cli.stderr()).toMatch(
    /^tac8: no GitHub token: [^\n]*\ntac8: a service does not get the secrets of this shell: [^\n]*\n$/,
  );
  expect(existsSync(unit)).toBe(false);
});

it("says in one line that this user has no systemd", async () => {
  writeFileSync(join(lab.dir, "no-systemctl"), "");
  const cli = lab.start(["service", "install"], env);
  expect((await cli.ended).code).toBe(1);
  expect(cli.stderr()).toMatch(/^tac8: systemd runs no services for this user in this session: [^\n]*\n$/);
});
