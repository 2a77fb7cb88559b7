import { describeProblems, type LoadedConfig } from "@tac8/core/config/load";
import type { Config } from "@tac8/core/config/resolve";

export type UpDecision =
  | { readonly kind: "up"; readonly config: Config }
  | { readonly kind: "demo" }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

const TOKEN_MISSING =
  "no GitHub token: put it into GITHUB_TOKEN, or its file's path into GITHUB_TOKEN_FILE; or run tac8 demo";

/** What `tac8 up` does with what it was given: the real work, the demo where nothing at all was given, or nothing. */
export function decideUp(given: {
  readonly loaded: Pick<LoadedConfig, "config" | "problems" | "path" | "found" | "named">;
  readonly env: Readonly<Record<string, string | undefined>>;
}): UpDecision {
  const { loaded, env } = given;
  const { config, problems, path, found, named } = loaded;
  if (config !== null) {
    return config.secrets.githubToken === null ? { kind: "problems", lines: [TOKEN_MISSING] } : { kind: "up", config };
  }
  const token = Boolean(env["GITHUB_TOKEN"]?.trim() || env["GITHUB_TOKEN_FILE"]);
  if (!found && !token && !named) return { kind: "demo" };
  const lines = describeProblems(problems, path).split("\n");
  if (!token) lines.push(TOKEN_MISSING);
  return { kind: "problems", lines };
}
