import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { branchOf, issueOfBranch, whyBadPattern } from "@tac8/core/domain/branchPattern";
import { requirementOf, satisfies, whyRefused, type BranchRule } from "@tac8/core/domain/branchRules";
import { GitHubError } from "@tac8/core/github/errors";
import type { RulesetFacts } from "@tac8/core/github/rules";
import type { Check } from "../check.ts";
import { eachRepository } from "../eachRepository.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

const MAX_RULESETS = 20;

export const branchRules: Check = {
  name: "Branches",
  limitMs: 90_000,
  inspect: (input, signal) => eachRepository(input, (repository) => inspectRepository(input, repository, signal)),
};

/** A rule that applies to the branches of issues, with the known facts of its ruleset. */
type AppliedRule = BranchRule & RulesetFacts;

export interface BranchFacts {
  /** `owner/repo`. */
  readonly name: string;
  /** Config `branch`. */
  readonly pattern: string;
  readonly defaultBranch: string;
  /** Null: the server has no rulesets. */
  readonly rules: readonly AppliedRule[] | null;
  readonly git: Pick<Config["git"], "author_email">;
  /** Whether drafts are configured for a private repository. */
  readonly privateDrafts: boolean;
}

async function inspectRepository(
  { github, config }: DoctorInput,
  repository: RepositoryConfig,
  signal: AbortSignal,
): Promise<Finding[]> {
  const name = `${repository.owner}/${repository.repo}`;
  const { branch: pattern, draft } = repository;
  try {
    const found = await github.repository(repository, { signal });
    if (found.kind !== "found") return [unknown(`${name}: not checked, because the repository is not accessible`)];
    const rules = await github.branchRules(repository, branchOf(pattern, SAMPLE), { signal });
    const ids = [...new Set((rules ?? []).flatMap(({ rulesetId }) => rulesetId ?? []))].slice(0, MAX_RULESETS);
    const rulesets = new Map<number, RulesetFacts>();
    for (const id of ids) rulesets.set(id, await github.ruleset(repository, id, { signal }));
    const applied = rules?.map((rule) => ({ ...(rulesets.get(rule.rulesetId ?? 0) ?? UNKNOWN), ...rule })) ?? null;
    const { defaultBranch } = found;
    const privateDrafts = draft && found.private;
    return evaluateBranches({ name, pattern, defaultBranch, rules: applied, git: config.git, privateDrafts });
  } catch (error) {
    if (error instanceof GitHubError) return [unknown(`${name}: ${error.message}`)];
    throw error;
  }
}

const UNKNOWN: RulesetFacts = { bypass: null, exclude: [] };
const SAMPLE = { issue: 471, round: 1 };
/** The commit message that tac8 writes. */
const OWN_MESSAGE = `Work on #${SAMPLE.issue} that was not committed yet`;

/** Pure. */
export function evaluateBranches(facts: BranchFacts): Finding[] {
  const { name, pattern, defaultBranch, rules } = facts;
  const sample = branchOf(pattern, SAMPLE);
  const findings: Finding[] = [];
  if (issueOfBranch(pattern, defaultBranch) !== null) {
    const text = `${name}: ${pattern} is also the name of the default branch ${defaultBranch}`;
    findings.push(problem(text, "change github.branch"));
  }
  if (facts.privateDrafts) {
    findings.push(
      note(`${name}: drafts in a private repository need a paid plan; without one, tac8 opens ready pull requests`),
    );
  }
  if (rules === null) return [...findings, note(`${name}: this server does not report branch rules`)];
  const binding = rules.filter(({ bypass }) => bypass !== true);
  findings.push(...binding.flatMap((rule) => evaluateRule(rule, facts) ?? []));
  if (findings.length > 0) return findings;
  const exempt = rules.length > binding.length ? "; this token is exempt from the rules" : "";
  return [ok(`${name}: pushing branches such as ${sample} is allowed${exempt}`)];
}

/** Evaluate a rule; null: it does not concern tac8. */
function evaluateRule(rule: AppliedRule, { name, pattern, git }: BranchFacts): Finding | null {
  const sample = branchOf(pattern, SAMPLE);
  const exempt = `exempt ${pattern.replace("{number}", "*")} from that rule, or let this token bypass it`;
  const names = [SAMPLE, { ...SAMPLE, round: 2 }].map((each) => branchOf(pattern, each));
  const refusals = names.map((branch) => whyRefused(rule, { branch, exists: false, email: git.author_email }));
  const refused = refusals.find((why) => why !== null) ?? null;
  switch (rule.type) {
    case "creation":
      return refused === null ? null : problem(`${name}: ${refused}`, otherName(rule.exclude.map(allowed)));
    case "branch_name_pattern":
      if (refused !== null) return problem(`${name}: ${refused}`, otherName([begins(rule)]));
      return satisfies(rule, sample) === null
        ? note(`${name}: a branch name ${requirementOf(rule)}: check that ${sample} does`)
        : null;
    case "required_signatures":
      return refused === null ? null : problem(`${name}: ${refused}`, exempt);
    case "commit_author_email_pattern":
    case "committer_email_pattern":
      if (refused !== null) return problem(`${name}: ${refused}`, "set git.author_email to an address that matches");
      return satisfies(rule, git.author_email) === null
        ? note(`${name}: the address of a commit's author or committer ${requirementOf(rule)}: check git.author_email`)
        : null;
    case "update":
      return problem(`${name}: a rule forbids pushing again to branches such as ${sample}`, exempt);
    case "pull_request":
      return problem(
        `${name}: a rule requires pull requests for branches such as ${sample}, but tac8 pushes to them directly`,
        exempt,
      );
    case "required_status_checks":
    case "required_deployments":
    case "workflows":
    case "code_scanning":
    case "merge_queue":
      return problem(`${name}: the rule ${rule.type} applies to branches such as ${sample} before a push`, exempt);
    case "commit_message_pattern": {
      const own =
        satisfies(rule, OWN_MESSAGE) === true ? "" : "; tac8's own commits of uncommitted work would be refused";
      const text = `${name}: a commit message ${requirementOf(rule)}${own}`;
      return note(text, "state this in the repository's instructions for agents (CLAUDE.md)");
    }
    case "non_fast_forward":
      return note(
        `${name}: force pushes are forbidden: the push of an agent that rewrites published commits is refused`,
      );
    case "file_path_restriction":
    case "file_extension_restriction":
    case "max_file_path_length":
    case "max_file_size":
      return note(
        `${name}: the rule ${rule.type} limits what agents may commit: an agent that breaks it gets the error`,
      );
    case "deletion":
    case "required_linear_history":
    case "copilot_code_review":
    case "tag_name_pattern":
      return null;
    default:
      return note(`${name}: the rule ${rule.type.slice(0, 60)} applies to branches such as ${sample}`);
  }
}

function otherName(patterns: readonly (string | null)[]): string {
  const good = patterns.find((each) => each !== null && whyBadPattern(each) === null);
  const example = good === undefined ? "" : `, for example "${good}"`;
  return `set github.branch to a name that the rules allow${example}, or let this token bypass the rule`;
}

/** Return a pattern for branches that a ruleset excludes, such as those in `refs/heads/users/**`. */
function allowed(exclude: string): string | null {
  const [, folder] = /^(?:refs\/heads\/)?([^*?[\]]+)\/\*+(?:\/\*+)?$/.exec(exclude) ?? [];
  return folder === undefined ? null : `${folder}/gh-{number}`;
}

function begins({ parameters }: BranchRule): string | null {
  const { operator, pattern, negate } = parameters;
  if (operator !== "starts_with" || typeof pattern !== "string" || negate === true) return null;
  return `${pattern}${/[/_-]$/.test(pattern) ? "" : "/"}gh-{number}`;
}
