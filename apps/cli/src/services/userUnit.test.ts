import { expect, it } from "vitest";
import { userUnit, userUnitPath } from "./userUnit.ts";

it("quotes characters that systemd would interpret", () => {
  const text = userUnit({
    command: ["/opt/node", '/home/a b/100%/$x/"tac8"'],
    env: { PATH: "/a:/b%", TAC8_HOME: "/data dir" },
    cwd: "/home/50%",
    graceSeconds: 30,
  });
  expect(text).toContain('ExecStart="/opt/node" "/home/a b/100%%/$$x/\\"tac8\\""\n');
  expect(text).toContain('Environment="PATH=/a:/b%%"\nEnvironment="TAC8_HOME=/data dir"\n');
  expect(text).toContain("WorkingDirectory=/home/50%%\n");
  expect(text).toContain("TimeoutStopSec=90s\n");
});

it.each([
  [{ HOME: "/home/ann" }, "/home/ann/.config/systemd/user/tac8.service"],
  [{ HOME: "/home/ann", XDG_CONFIG_HOME: "/cfg" }, "/cfg/systemd/user/tac8.service"],
  [{}, null],
])("%j: %s", (env, path) => expect(userUnitPath(env)).toBe(path));
