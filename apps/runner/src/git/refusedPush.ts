export interface RefusedPush {
  /** The push would be refused for every issue of the repository. */
  readonly whole: boolean;
  /** `whole` is a guess, because the message is unknown. */
  readonly guessed: boolean;
  /** The token must not push changes of workflows. */
  readonly lacksWorkflows?: boolean;
  /** Advice for a user: one sentence without a full stop. */
  readonly advice: string;
}

/** Refusals because of the commits: an agent can change them, and other issues are not affected. */
const OF_COMMITS =
  /cannot contain secrets|push protection|GH009|GH001|GH008|large files?|exceeds .*(limit|size)|file (path|size|extension|name)|path length|commit message|`?workflows?`? (scope|permission)|refusing to allow|shallow update|body is too large|HTTP 4\d\d|returned error: 4\d\d/i;

/** Refusals for every issue, with advice for a user. The first that matches wins. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /creations? being restricted|branch name|ref name|name must|naming|GH002|longer than 255/i,
    "Set github.branch to a name that the rules allow, or allow this one",
  ],
  [/verified signature|must be signed|unsigned/i, "tac8 does not sign commits: exempt its branches from that rule"],
  [
    /GH007|private email|e-?mail/i,
    "Set git.author_name and git.author_email to values that the rules allow, and exempt existing commits",
  ],
  [
    /through a pull request|protected branch|GH006|GH003|cannot update this protected ref|force-push|status checks?|not authorized to push|merge queue/i,
    "Exempt the branches of github.branch from that rule, because tac8 opens pull requests from them",
  ],
  [
    /quota|over its (size )?limit|billing|locked|suspended/i,
    "The repository's owner has to free up storage or buy more",
  ],
];

const OTHERWISE =
  "Change the rule, or let this token bypass it; if only this issue's commits are meant, stop it (tac8 stop)";

/**
 * Classify git's message about a refused push. An unknown message counts as a rule of the repository first, because
 * waiting costs less than one agent run after another. Pure.
 */
export function classifyRefusedPush(errorText: string): RefusedPush {
  const folder = /'refs\/heads\/([^']+)' exists; cannot create 'refs\/heads\/([^']+)'/.exec(errorText);
  if (folder !== null) return ofFolder(folder[1] ?? "", folder[2] ?? "");
  // GitHub lists one violated rule per line. A single rule that every push violates decides.
  const listed = errorText.split("\n").flatMap((line) => /^(?:remote:)?\s*- (.*\S)/.exec(line)?.[1] ?? []);
  const found = listed.filter((line) => !/^(commit|path): /.test(line));
  const general = found.filter((line) => !OF_COMMITS.test(line));
  if (OF_COMMITS.test(errorText) && general.length === 0)
    return { whole: false, guessed: false, ...adviceOnCommits(errorText) };
  const text = general.length > 0 ? general.join("\n") : errorText;
  const advice = ADVICE.find(([when]) => when.test(text))?.[1];
  return { whole: true, guessed: advice === undefined, advice: advice ?? OTHERWISE };
}

function adviceOnCommits(errorText: string): Pick<RefusedPush, "advice" | "lacksWorkflows"> {
  if (/refusing to allow|workflows?`? (scope|permission)/i.test(errorText)) {
    const advice = "Leave .github/workflows as it is, or grant the token the permission Workflows: read and write";
    return { advice, lacksWorkflows: true };
  }
  const advice = "Remove this content from all commits, not only from the last one";
  return { advice };
}

/**
 * Classify a branch that is in the way: a branch cannot have the name of another branch's folder. Above the number, it
 * affects every issue.
 */
function ofFolder(there: string, wanted: string): RefusedPush {
  const whole = wanted.startsWith(`${there}/`) && !/\d/.test(there);
  return { whole, guessed: false, advice: `Delete the branch ${there}, or set github.branch to names outside it` };
}
