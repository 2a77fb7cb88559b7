import { resolveConfig } from "@tac8/core/config/resolve";
import { describe, expect, it } from "vitest";
import { decideUp } from "./decide.ts";

const GOOD = '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n';
const path = "/project/config.toml";

function decide(text: string | null, env: Record<string, string>, named = false) {
  const result = resolveConfig({
    text,
    path,
    searched: named ? [] : [path, "/home/pi/.config/tac8/config.toml"],
    folder: { realPath: "/project", oldNames: [] },
    env: { HOME: "/home/pi", ...env },
    readSecretFile: () => "from-a-file",
  });
  return decideUp({ loaded: { ...result, path, found: text !== null, named }, env });
}

describe("decideUp", () => {
  it("runs the demo if nothing is configured", () => {
    expect(decide(null, {})).toEqual({ kind: "demo" });
  });

  it("does the real work with configuration and token, also from a file", () => {
    expect(decide(GOOD, { GITHUB_TOKEN: "secret-token" }).kind).toBe("up");
    expect(decide(GOOD, { GITHUB_TOKEN_FILE: "/run/secrets/token" }).kind).toBe("up");
  });

  it.each([
    [
      "a token and no configuration",
      null,
      { GITHUB_TOKEN: "t" },
      false,
      [/neither \/project\/config\.toml nor \/home\/pi\/\.config\/tac8\/config\.toml exists.*config\.example\.toml/],
    ],
    ["a token file and no configuration", null, { GITHUB_TOKEN_FILE: "/t" }, false, [/no configuration/]],
    ["configuration and no token", GOOD, {}, false, [/no GitHub token.*GITHUB_TOKEN_FILE/]],
    ["an empty token", GOOD, { GITHUB_TOKEN: "  " }, false, [/no GitHub token/]],
    [
      "a named file that is not there",
      null,
      {},
      true,
      [/\/project\/config\.toml: the file does not exist/, /no GitHub token/],
    ],
    [
      "everything wrong at once",
      '[coordinator]\nmax_attempts = 0\n[github]\nrepo_owner = "octo"\n',
      {},
      false,
      [/coordinator\.max_attempts: found 0/, /github\.repo_name: missing/, /no GitHub token/],
    ],
  ])("names what is wrong with %s", (_, text, env, named, lines) => {
    const decision = decide(text, env, named);
    expect(decision).toMatchObject({ kind: "problems" });
    if (decision.kind !== "problems") return;
    expect(decision.lines).toEqual(lines.map((line) => expect.stringMatching(line)));
  });
});
