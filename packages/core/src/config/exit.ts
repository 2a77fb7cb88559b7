import { messageOf } from "../domain/messageOf.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** User name for the exit, in addition to its password. */
const USER = "tac8";
/** Hosts that are reached directly: servers on loopback. */
const DIRECT = "localhost,127.0.0.1,::1,.localhost";

/**
 * Return the environment with the proxy of `TAC8_EXIT` and `TAC8_EXIT_PASSWORD_FILE`, for https and http. Without `TAC8_EXIT`, the environment
 * is unchanged. The password is only in memory, and not in the environment with which the process was started.
 * @param readFile returns the text of the file; throws when it cannot be read
 * @returns `problem`: one line for the operator; the environment then has the exit without a password
 */
export function withExit(
  env: Env,
  readFile: (path: string) => string,
): { readonly env: Env; readonly problem: string | null } {
  const exit = env["TAC8_EXIT"]?.trim();
  if (!exit) return { env, problem: null };
  if (!isExit(exit)) {
    const found = JSON.stringify(exit.replace(/^.*@/s, "***@").slice(0, 100));
    return through(env, exit, `environment variable TAC8_EXIT: found ${found}, expected http://HOST:PORT`);
  }
  const path = env["TAC8_EXIT_PASSWORD_FILE"]?.trim();
  if (!path) {
    return through(env, exit, "environment variable TAC8_EXIT_PASSWORD_FILE: TAC8_EXIT needs the path of its password");
  }
  try {
    const password = readFile(path).trim();
    if (password === "") throw new Error("it is empty");
    const url = new URL(exit);
    url.username = USER;
    url.password = encodeURIComponent(password);
    return through(env, url.href.replace(/\/$/, ""), null);
  } catch (error) {
    const why = messageOf(error);
    return through(env, exit, `environment variable TAC8_EXIT_PASSWORD_FILE: cannot read ${path}: ${why}`);
  }
}

function through(env: Env, proxy: string, problem: string | null) {
  const both = (name: string, value: string | undefined) => ({ [name]: value, [name.toLowerCase()]: value });
  const proxies = {
    ...both("HTTP_PROXY", proxy),
    ...both("HTTPS_PROXY", proxy),
    ...both("ALL_PROXY", undefined),
    ...both("NO_PROXY", DIRECT),
    // Node uses the proxy variables only with this variable, also in agents' programs.
    NODE_USE_ENV_PROXY: "1",
  };
  return { env: { ...env, ...proxies }, problem };
}

function isExit(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(text);
  return protocol === "http:" && hostname !== "" && pathname === "/" && username === "" && password === "";
}
