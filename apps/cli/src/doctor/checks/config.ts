import { describeProblems } from "@tac8/core/config/load";
import { noConfiguration, type ConfigProblem } from "@tac8/core/config/resolve";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

export const config: Check = {
  name: "Configuration",
  limitMs: 5000,
  inspect: async (input) => evaluateConfig(input),
};

/** Pure. */
export function evaluateConfig(
  input: Pick<DoctorInput, "kind" | "configPath" | "searched" | "problems" | "warnings" | "config">,
): Finding[] {
  const { configPath } = input;
  const warnings = input.warnings.map((text) => note(text));
  switch (input.kind) {
    case "none":
      return [
        problem(
          `${noConfiguration(input.searched)}: the following checks are about this machine only`,
          "run tac8 init to create one, or tac8 demo to try tac8 first",
        ),
        ...wrong(input),
      ];
    case "demo":
      return [note("no configuration: these checks are about the demo", "run tac8 init to work on a real repository")];
    case "broken":
      return [...wrong(input), ...warnings];
    case "config": {
      const names = input.config.repositories.map(({ owner, repo }) => `${owner}/${repo}`);
      const some = names.length > 3 ? `${names.length} repositories` : names.join(", ");
      return [ok(`${configPath}: ${some}`), ...warnings];
    }
    default:
      return input.kind satisfies never;
  }
}

/** Return one finding per problem, with the source of the value. Pure. */
function wrong({ problems, configPath }: Pick<DoctorInput, "problems" | "configPath">): Finding[] {
  return problems.map((one) => {
    return problem(describeProblems([one], configPath), ADVICE[one.place]);
  });
}

const ADVICE: Record<ConfigProblem["place"], string> = {
  file: "fix it; config.example.toml describes every key",
  environment: "correct or unset it where you start tac8 (shell, service or container)",
  stored: "run tac8 init to store another, or remove the file",
};
