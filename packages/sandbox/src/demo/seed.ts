import type { LocalGitHub } from "../github/types.ts";
import { DEMO_FILES } from "./files.ts";
import { DEMO_ISSUES } from "./issues.ts";

export interface Demo {
  /** `owner/name`. */
  readonly repository: string;
  /** Token of the repository's owner, for the scheduler and the runners. */
  readonly token: string;
}

/** Create a small real repository and five labelled issues in a local GitHub, each with the script of its agent. */
export async function seedDemo(github: LocalGitHub): Promise<Demo> {
  const token = github.addUser({ login: "tac8-demo", token: "demo-token" });
  github.addUser({ login: "stranger", token: "stranger-token" });
  const { repo } = await github.createRepository({ owner: "tac8-demo", name: "greeter", files: DEMO_FILES });
  for (const issue of DEMO_ISSUES) github.openIssue({ repo, ...issue });
  return { repository: repo, token };
}
