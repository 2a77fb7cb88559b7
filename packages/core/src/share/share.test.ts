import { expect, it } from "vitest";
import { shareConf } from "./conf.ts";
import { isMachineName } from "./files.ts";

it.each([
  ["pi-2", true],
  ["default", false],
  ["-a", false],
  ["a b", false],
  ["Pi", false],
  ["a".repeat(41), false],
])("%s as a machine's name: %s", (name, is) => expect(isMachineName(name)).toBe(is));

it("Redis asks everyone for a password as soon as it listens", () => {
  const files = { ca: '/a "b"/ca.pem', cert: "/s.pem", key: "/s.key" };
  const machines = [{ name: "pi-2", hash: "ab".repeat(32), since: 1 }];
  const text = shareConf({ address: "10.0.0.5", port: 6380, machines }, { files, passwordHash: "cd".repeat(32) });
  expect(text).toContain('tls-ca-cert-file "/a \\"b\\"/ca.pem"\n');
  expect(text).toContain("bind -10.0.0.5\ntls-port 6380\n");
  expect(text).toContain(`user default reset on #${"cd".repeat(32)} ~* &* +@all\n`);
  expect(text).toContain(`user pi-2 reset #${"ab".repeat(32)} on resetkeys resetchannels ~bull:issues:* `);
  expect(text).not.toContain("nopass");
});
