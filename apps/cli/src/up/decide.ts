import { isOfToken, variable } from "@tac8/core/config/environment";
import { describeProblems, type LoadedConfig } from "@tac8/core/config/load";
import type { Config } from "@tac8/core/config/resolve";
import { NO_TOKEN } from "@tac8/core/config/variables";

export type UpDecision =
  | { readonly kind: "up"; readonly config: Config }
  | { readonly kind: "demo" }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

const TOKEN_MISSING = `${NO_TOKEN}; or run tac8 demo`;

/** What `tac8 up` does with what it was given: the real work, the demo where nothing at all was given, or nothing. */
export function decideUp(given: {
  readonly loaded: Pick<LoadedConfig, "config" | "draft" | "problems" | "path" | "found" | "named">;
  readonly env: Readonly<Record<string, string | undefined>>;
}): UpDecision {
  const { loaded, env } = given;
  const { config, draft, problems, path, found, named } = loaded;
  if (config !== null) {
    return config.secrets.githubToken === null ? { kind: "problems", lines: [TOKEN_MISSING] } : { kind: "up", config };
  }
  const token = variable(env, "GITHUB_TOKEN") !== null || variable(env, "GITHUB_TOKEN_FILE") !== null;
  const wrong = problems.some(({ key, place }) => key !== "" && place !== "file");
  if (!found && !token && !named && !wrong) return { kind: "demo" };
  const lines = describeProblems(problems, path).split("\n");
  const isKnown = token || (draft?.secrets.githubToken ?? null) !== null;
  if (!isKnown && !problems.some(({ key }) => isOfToken(key))) lines.push(TOKEN_MISSING);
  return { kind: "problems", lines };
}
