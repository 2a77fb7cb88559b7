import { isOfToken, variable } from "@tac8/core/config/environment";
import { describeProblems, type LoadedConfig } from "@tac8/core/config/load";
import type { Config } from "@tac8/core/config/resolve";
import { noCredentials } from "@tac8/core/config/credentials";

export type UpDecision =
  | { readonly kind: "up"; readonly config: Config }
  | { readonly kind: "demo" }
  | { readonly kind: "problems"; readonly lines: readonly string[] };

const missing = (github: Parameters<typeof noCredentials>[0]) => `${noCredentials(github)}; or run tac8 demo`;

/** If one of these is set, the user wants real work and not the demo. */
const GIVEN = ["GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY"].flatMap((name) => [name, `${name}_FILE`]);

/** Decide what `tac8 up` does: real work, the demo if nothing is configured, or nothing because of problems. */
export function decideUp(given: {
  readonly loaded: Pick<LoadedConfig, "config" | "draft" | "problems" | "path" | "found" | "named">;
  readonly env: Readonly<Record<string, string | undefined>>;
}): UpDecision {
  const { loaded, env } = given;
  const { config, draft, problems, path, found, named } = loaded;
  if (config !== null) {
    if (config.secrets.github !== null) return { kind: "up", config };
    return { kind: "problems", lines: [missing(config.github)] };
  }
  const token = GIVEN.some((name) => variable(env, name) !== null);
  const wrong = problems.some(({ key, place }) => key !== "" && place !== "file");
  if (!found && !token && !named && !wrong) return { kind: "demo" };
  const lines = describeProblems(problems, path).split("\n");
  const isKnown = token || (draft?.secrets.github ?? null) !== null;
  if (!isKnown && !problems.some(({ key }) => isOfToken(key))) lines.push(missing(draft?.github ?? {}));
  return { kind: "problems", lines };
}
