import { describeProblems } from "@tac8/core/config/load";
import { noConfiguration } from "@tac8/core/config/resolve";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { Site } from "../site.ts";

export const config: Check = {
  name: "Configuration",
  limitMs: 5000,
  look: async (site) => judgeConfig(site),
};

/** Pure. */
export function judgeConfig(
  site: Pick<Site, "kind" | "path" | "searched" | "problems" | "warnings" | "config">,
): Finding[] {
  const { path } = site;
  const warnings = site.warnings.map((text) => note(text));
  switch (site.kind) {
    case "none":
      return [
        problem(
          `${noConfiguration(site.searched)}: what follows is about this machine alone`,
          "run tac8 init to make one, or tac8 demo to see tac8 at work first",
        ),
      ];
    case "demo":
      return [note("there is no configuration: this is about the demo", "run tac8 init when you want real work done")];
    case "broken": {
      const lines = describeProblems(site.problems, path).split("\n");
      return lines.map((line) => problem(line, "mend it; config.example.toml has every key with its meaning"));
    }
    case "config": {
      const names = site.config.repositories.map(({ owner, repo }) => `${owner}/${repo}`);
      const some = names.length > 3 ? `${names.length} repositories` : names.join(", ");
      return [ok(`${path}: ${some}`), ...warnings];
    }
    default:
      return site.kind satisfies never;
  }
}
