import { describe, expect, it } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { gitProxyEnvironment, nodeProxyEnvironment, proxyFor, proxySecrets, unusableProxies } from "./proxy.ts";

const PROXY = "http://proxy.test:3128";
const NAME = "token-in-place-of-a-name";
const API = "https://api.github.com/user";

describe("which proxy a URL is reached through", () => {
  it.each<readonly [Record<string, string>, string, string | null]>([
    [{}, API, null],
    [{ HTTPS_PROXY: PROXY }, API, PROXY],
    [{ https_proxy: PROXY }, API, PROXY],
    [{ https_proxy: PROXY, HTTPS_PROXY: "http://other:1" }, API, PROXY],
    [{ https_proxy: "", HTTPS_PROXY: PROXY }, API, PROXY],
    [{ HTTPS_PROXY: PROXY }, "http://ghe.test/api/v3", null],
    [{ HTTP_PROXY: PROXY }, "http://ghe.test/api/v3", PROXY],
    [{ HTTP_PROXY: PROXY }, API, null],
    [{ ALL_PROXY: PROXY }, API, PROXY],
    [{ all_proxy: PROXY }, "http://ghe.test/api/v3", PROXY],
    [{ ALL_PROXY: "http://other:1", HTTPS_PROXY: PROXY }, API, PROXY],
    [{ HTTPS_PROXY: "proxy.test:3128" }, API, PROXY],
    [{ HTTPS_PROXY: " proxy.test:3128 " }, API, PROXY],
  ])("%j: %s by %s", (env, url, proxy) => {
    expect(proxyFor(url, env)?.url ?? null).toBe(proxy);
  });

  it.each<readonly [string, string, boolean]>([
    ["github.com", "https://github.com/o/r", true],
    ["github.com", API, true],
    [".github.com", API, true],
    ["*.github.com", API, true],
    ["GitHub.Com", API, true],
    ["github.com.", API, true],
    ["hub.com", API, false],
    ["github.com", "https://notgithub.com", false],
    ["other.test, api.github.com", API, true],
    ["other.test api.github.com", API, true],
    ["*", API, true],
    ["api.github.com:443", API, true],
    ["api.github.com:8443", API, false],
    ["ghe.test:8443", "https://ghe.test:8443/api/v3", true],
    [".test:8443", "https://ghe.test:8443/api/v3", true],
    ["10.0.0.0/8", "https://10.1.2.3/api/v3", true],
    ["10.0.0.0/8", "https://11.1.2.3/api/v3", false],
    ["10.0.0.0/99", "https://10.1.2.3/api/v3", false],
    ["10.1.2.3", "https://10.1.2.3/api/v3", true],
    ["fd00::/8", "https://[fd00::1]/api/v3", true],
    ["[fd00::1]:443", "https://[fd00::1]/api/v3", true],
    ["fd00::1", "https://[fd00::1]/api/v3", true],
    ["", API, false],
  ])("NO_PROXY=%j: %s directly? %s", (exceptions, url, direct) => {
    expect(proxyFor(url, { HTTPS_PROXY: PROXY, NO_PROXY: exceptions }) === null).toBe(direct);
    expect(proxyFor(url, { HTTPS_PROXY: PROXY, no_proxy: exceptions }) === null).toBe(direct);
  });

  it.each(["http://127.0.0.1:4000", "http://127.9.9.9", "http://localhost", "http://a.localhost", "http://[::1]:1"])(
    "never for %s",
    (url) => expect(proxyFor(url, { HTTP_PROXY: PROXY, ALL_PROXY: PROXY, NO_PROXY: "x" })).toBeNull(),
  );

  it("is shown without its credentials, with the variable", () => {
    const proxy = proxyFor(API, { ALL_PROXY: "http://me:secret-word@proxy.test:3128" });
    expect(proxy).toMatchObject({ shown: PROXY, variable: "ALL_PROXY" });
  });

  it("what is no proxy is named, and not given to Node", () => {
    const env = {
      HTTPS_PROXY: "http://me:secret-word@:x",
      http_proxy: "ftp://proxy",
      ALL_PROXY: "socks5h://proxy:1080",
    };
    expect(unusableProxies(env)).toEqual(["http_proxy", "HTTPS_PROXY"]);
    expect(nodeProxyEnvironment({ HTTPS_PROXY: "http://me:secret-word@:x" })).toBeNull();
    expect(nodeProxyEnvironment({ ALL_PROXY: "socks5h://proxy:1080" })).toMatchObject({
      http_proxy: "socks5://proxy:1080",
    });
  });

  it("an address that cannot be read is shown as such, and nothing of it", () => {
    expect(proxyFor(API, { ALL_PROXY: "http://me:secret-word@:x" })?.shown).not.toContain("secret-word");
  });
});

fieldTest("B7", "git gets the decision, not the variables that it would read in its own way", () => {
  const env = { HTTP_PROXY: PROXY, NO_PROXY: "ghe.test:8443" };
  expect(gitProxyEnvironment("http://ghe.test:8443/o/r.git", env)).toEqual({});
  expect(gitProxyEnvironment("http://ghe.test/o/r.git", env)).toMatchObject({ http_proxy: PROXY, https_proxy: PROXY });
});

describe("what Node is given", () => {
  it("nothing where there is no proxy", () => {
    expect(nodeProxyEnvironment({ NO_PROXY: "*", HTTPS_PROXY: "" })).toBeNull();
  });

  it("ALL_PROXY for both, suffixes in both forms, loopback, and known URLs that only we know to be direct", () => {
    const env = { ALL_PROXY: "proxy.test:3128", NO_PROXY: "a.test:1,*.b.test,10.0.0.0/8" };
    const given = nodeProxyEnvironment(env, ["https://10.0.0.1:8443/api/v3", API]);
    expect(given).toMatchObject({ http_proxy: PROXY, https_proxy: PROXY });
    const names = given?.["no_proxy"]?.split(",") ?? [];
    expect(names).toEqual(
      expect.arrayContaining(["localhost", "127.0.0.1", "10.0.0.1:8443", "a.test:1", ".a.test:1", "b.test", ".b.test"]),
    );
    expect(names).not.toContain("api.github.com");
    expect(nodeProxyEnvironment({ HTTPS_PROXY: PROXY, NO_PROXY: "a,*" })).toEqual({
      https_proxy: PROXY,
      no_proxy: "*",
    });
  });
});

it("passwords of proxies are secrets, and user names that stand for one", () => {
  const env = {
    HTTPS_PROXY: "http://me:p%40ss-word@proxy:1",
    ALL_PROXY: `${NAME}@proxy:1`,
    http_proxy: "developer@p:1",
  };
  expect(proxySecrets(env)).toEqual(["p%40ss-word", "p@ss-word", NAME, NAME]);
});
