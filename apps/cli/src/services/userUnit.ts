import { xdgFolder } from "@tac8/core/config/xdgFolder";
import { join } from "node:path";

/** The user's service, which runs `tac8 up`. */
export const USER_UNIT = "tac8.service";

/** Absolute path of the unit's file; null: the environment names no home folder. */
export function userUnitPath(env: Readonly<Record<string, string | undefined>>): string | null {
  const folder = xdgFolder(env, "XDG_CONFIG_HOME", ".config");
  return folder === null ? null : join(folder, "systemd", "user", USER_UNIT);
}

/** Return the text of the unit. Pure. */
export function userUnit(given: {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** All variables of its environment. It gets no others from a shell. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** `coordinator.shutdown_grace_seconds`. */
  readonly graceSeconds: number;
}): string {
  const { command, env, cwd, graceSeconds } = given;
  return `# Created by tac8 service install, which overwrites it; tac8 service uninstall removes it.
[Unit]
Description=tac8: labelled GitHub issues become pull requests
StartLimitIntervalSec=0

[Service]
Type=exec
WorkingDirectory=${cwd.replaceAll("%", "%%")}
${Object.entries(env)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
  .join("")}ExecStart=${command.map((word) => quoted(word).replaceAll("$", "$$$$")).join(" ")}
# Exit code 78: an operator has to fix the cause first.
Restart=always
RestartSec=20s
RestartPreventExitStatus=78
KillMode=mixed
TimeoutStopSec=${graceSeconds + 60}s
OOMPolicy=continue

[Install]
WantedBy=default.target
`;
}

/** Quote a word for systemd, in which `%` starts a specifier: systemd.syntax(7). */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}
