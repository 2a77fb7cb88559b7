import { describeProblems } from "@tac8/core/config/load";
import type { Config, ConfigResult } from "@tac8/core/config/resolve";
import { dirname } from "node:path";

export type UpDecision =
  | { readonly kind: "up"; readonly config: Config }
  | { readonly kind: "demo" }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

const TOKEN_MISSING =
  "no GitHub token: put it into GITHUB_TOKEN, or its file's path into GITHUB_TOKEN_FILE; or run tac8 demo";

/** What `tac8 up` does with what it was given: the real work, the demo where nothing at all was given, or nothing. */
export function decideUp(given: {
  readonly loaded: ConfigResult & { readonly path: string; readonly found: boolean };
  /** Whether somebody named the configuration file. */
  readonly named: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}): UpDecision {
  const { loaded, named, env } = given;
  const { config, problems, path, found } = loaded;
  if (config !== null) {
    return config.secrets.githubToken === null ? { kind: "problems", lines: [TOKEN_MISSING] } : { kind: "up", config };
  }
  const token = Boolean(env["GITHUB_TOKEN"]?.trim() || env["GITHUB_TOKEN_FILE"]);
  if (!found && !token && !named) return { kind: "demo" };
  const others = found ? problems : problems.filter(({ key }) => key !== path);
  const lines = others.length > 0 ? describeProblems(others, path).split("\n") : [];
  if (!found) lines.unshift(configMissing(path, named));
  if (!token) lines.push(TOKEN_MISSING);
  return { kind: "problems", lines };
}

function configMissing(path: string, named: boolean): string {
  if (named) return `${path}: there is no such file; copy config.example.toml there and name your repository in it`;
  return `there is no config.toml in ${dirname(path)}: copy config.example.toml there and name your repository in it, or run tac8 demo`;
}
