import { expect, test } from "vitest";
import { withExit } from "./exit.ts";
import { gitProxyEnvironment, nodeProxyEnvironment, proxyFor, proxySecrets } from "./proxy.ts";

const PASSWORD = "p+/=".padEnd(20, "x");
const EXIT = { TAC8_EXIT: "http://exit:3128", TAC8_EXIT_PASSWORD_FILE: "/run/exit/password" };
const read = (): string => `${PASSWORD}\n`;

test("an environment without an exit is as it was", () => {
  const env = { HTTPS_PROXY: "http://proxy:1" };
  expect(withExit(env, read)).toEqual({ env, problem: null });
});

test("Node, git and agents reach everything but loopback through the exit, whatever else the environment names", () => {
  const before = { ...EXIT, https_proxy: "http://proxy:1", ALL_PROXY: "http://proxy:2", NO_PROXY: "*", PATH: "/bin" };
  const { env, problem } = withExit(before, read);
  expect(problem).toBeNull();
  const url = `http://tac8:${encodeURIComponent(PASSWORD)}@exit:3128`;
  for (const api of ["https://api.github.com", "http://github:4000"]) {
    expect(proxyFor(api, env)).toEqual({ url, shown: "http://exit:3128", variable: "TAC8_EXIT" });
    expect(gitProxyEnvironment(api, env)).toMatchObject({ https_proxy: url, http_proxy: url });
  }
  expect(nodeProxyEnvironment(env)).toMatchObject({ https_proxy: url, http_proxy: url });
  expect(proxyFor("http://127.0.0.1:8080", env)).toBeNull();
  expect(env).toMatchObject({ PATH: "/bin", NO_PROXY: "localhost,127.0.0.1,::1,.localhost", NODE_USE_ENV_PROXY: "1" });
  expect(env["ALL_PROXY"]).toBeUndefined();
  expect(proxySecrets(env)).toContain(PASSWORD);
});

test.each([
  [{ ...EXIT, TAC8_EXIT: "exit" }, 'environment variable TAC8_EXIT: found "exit", expected http://HOST:PORT'],
  [
    { ...EXIT, TAC8_EXIT: "http://a:secret@exit:3128" },
    'environment variable TAC8_EXIT: found "***@exit:3128", expected http://HOST:PORT',
  ],
  [
    { TAC8_EXIT: EXIT.TAC8_EXIT },
    "environment variable TAC8_EXIT_PASSWORD_FILE: TAC8_EXIT needs the path of its password",
  ],
])("%o is a problem of one line", (env, problem) => {
  expect(withExit(env, read).problem).toBe(problem);
});

test("a password that cannot be read is a problem, and nothing goes past the exit", () => {
  const { env, problem } = withExit(EXIT, () => {
    throw new Error("EACCES");
  });
  expect(problem).toBe("environment variable TAC8_EXIT_PASSWORD_FILE: cannot read /run/exit/password: EACCES");
  expect(proxyFor("https://api.github.com", env)?.url).toBe("http://exit:3128");
});
