import { loadConfig } from "@tac8/core/config/load";
import { SECRETS } from "@tac8/core/config/variables";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import type { Input } from "../context/program.ts";
import { outputOf } from "../services/run.ts";
import { readUnits, unitProblems } from "../services/units.ts";
import { USER_UNIT, userUnit, userUnitPath } from "../services/userUnit.ts";
import { decideUp } from "../up/decide.ts";

/** Variables of this shell that the user's service gets. Secrets are read from files. */
const KEPT = ["PATH", "TAC8_HOME", "REDIS_URL", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOG_LEVEL", "TZ"].concat(
  ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"],
  SECRETS.map(({ name }) => `${name}_FILE`),
);
/** Time after a start in which the service may still fail. */
const SETTLE_SECONDS = "3";

/** `install`: run `tac8 up` as a service of this user, also without a login. `uninstall`: remove the service. */
export async function service(context: Context, { args, options }: Input): Promise<number> {
  const path = userUnitPath(context.env);
  if (path === null) throw new Problem("HOME is not set to an absolute path: set it to your home folder");
  if ((await systemctl(context, "show-environment")) === null)
    throw new Problem(
      "systemd runs no services for this user in this session: log in directly or by ssh, not by su or sudo, or install tac8 with deploy/install.sh",
    );
  return args[0] === "uninstall"
    ? uninstall(context, path)
    : install(context, options["config"] as string | undefined, path);
}

async function install(context: Context, flag: string | undefined, path: string): Promise<number> {
  const { out, node, launcher, cwd } = context;
  const env = Object.fromEntries(
    KEPT.flatMap((name) => (context.env[name] ? [[name, context.env[name]] as const] : [])),
  );
  const loaded = loadConfig({
    flag,
    env: { ...env, HOME: context.env["HOME"], TAC8_CONFIG: context.env["TAC8_CONFIG"] },
    cwd,
  });
  const decision = decideUp({ loaded, env });
  if (decision.kind !== "up") {
    const lines = decision.kind === "problems" ? decision.lines : [`no configuration file (${loaded.path})`];
    throw new Problem([
      ...lines,
      "a service does not get the secrets of this shell: store them with tac8 init, or set NAME_FILE to the path of a file",
    ]);
  }
  const { shutdown_grace_seconds: graceSeconds } = decision.config.coordinator;
  const command = [node, launcher, "--config", loaded.path, "up"];
  await mkdir(dirname(path), { recursive: true });
  await writeWholeFile(path, userUnit({ command, env, cwd: dirname(loaded.path), graceSeconds }));
  for (const words of [["daemon-reload"], ["enable", USER_UNIT], ["restart", USER_UNIT]]) {
    if ((await systemctl(context, ...words)) === null)
      throw new Problem(`systemctl --user ${words.join(" ")} failed: see systemctl --user status tac8`);
  }
  await outputOf("sleep", [SETTLE_SECONDS], context.env);
  const problems = unitProblems(await readUnits(context.env), "user");
  if (problems.length > 0) throw new Problem(problems.map(({ text, advice }) => `${text}; ${advice}`));
  out.line(
    `tac8 now runs as a service (${path}): follow its logs with tac8 logs -f, remove it with tac8 service uninstall`,
  );
  if ((await outputOf("loginctl", ["enable-linger"], context.env)) === null)
    out.line("It stops when you log out. To keep it running: sudo loginctl enable-linger $USER");
  return 0;
}

async function uninstall(context: Context, path: string): Promise<number> {
  await systemctl(context, "disable", "--now", USER_UNIT);
  await rm(path, { force: true });
  await systemctl(context, "daemon-reload");
  context.out.line("The service was removed. Configuration and data were kept.");
  return 0;
}

function systemctl({ env }: Context, ...words: readonly string[]): Promise<string | null> {
  return outputOf("systemctl", ["--user", ...words], env);
}
