import { randomUUID } from "node:crypto";
import { createApp, type App } from "./apps.ts";
import * as issues from "./issues.ts";
import type { Issue } from "./model.ts";
import { mergePull } from "./pulls.ts";
import { addReview, dismissReview } from "./reviews.ts";
import { writePushRules } from "./push-rules.ts";
import { commitTo, createRepository, renameDefaultBranch } from "./repositories.ts";
import { fullName, type Store } from "./store.ts";
import type { Action, LocalGitHub } from "./types.ts";

type Actions = Pick<
  LocalGitHub,
  | "addUser"
  | "addToken"
  | "revokeToken"
  | "createApp"
  | "installApp"
  | "suspendApp"
  | "uninstallApp"
  | "permitApp"
  | "setAppTokenLife"
  | "setClock"
  | "tokensOf"
  | "createRepository"
  | "renameRepository"
  | "archiveRepository"
  | "renameDefaultBranch"
  | "setPermission"
  | "setDrafts"
  | "addRuleset"
  | "clearRulesets"
  | "rulesets"
  | "guardContents"
  | "renameLabel"
  | "forgetEvents"
  | "openIssue"
  | "addLabel"
  | "removeLabel"
  | "comment"
  | "editIssue"
  | "editComment"
  | "deleteRevision"
  | "advanceClock"
  | "closeIssue"
  | "reopenIssue"
  | "lockIssue"
  | "deleteIssue"
  | "transferIssue"
  | "mergePull"
  | "closePull"
  | "review"
  | "dismissReview"
  | "commitTo"
>;

/** Return the actions of tests and the demo on a local GitHub, without HTTP. */
export function actions(store: Store): Actions {
  const at = ({ repo, number, actor }: Action) => ({
    ...find(store, repo, number),
    store,
    actor: store.user(actor).login,
  });
  const addToken: Actions["addToken"] = ({
    login,
    token = `ghp_${randomUUID().replaceAll("-", "")}`,
    atMost = "admin",
    areas = {},
    app = false,
  }) => {
    store.tokens.set(token, {
      login: store.user(login).login,
      atMost,
      areas,
      app,
      reach: null,
      expiresAt: null,
      installation: null,
    });
    return token;
  };
  return {
    addUser({ login, token }) {
      const known = store.users.get(login.toLowerCase());
      store.users.set(login.toLowerCase(), known ?? { id: store.id(), login, createdAt: Date.now() });
      return addToken({ login, ...(token === undefined ? {} : { token }) });
    },
    addToken,
    revokeToken: (token) => void store.tokens.delete(token),
    createApp(options) {
      const { app, pem } = createApp(store, options);
      return { id: app.id, slug: app.slug, privateKey: pem };
    },
    installApp({ app, repos, permissions }) {
      const known = appOf(store, app);
      const repositories = repos.map((repo) => store.repository(repo));
      const id = store.id();
      known.installations.set(id, {
        id,
        account: repositories[0]?.owner ?? known.owner,
        repositories: new Set(repositories.map((repository) => repository.id)),
        permissions: permissions ?? known.permissions,
        suspended: false,
      });
      store.changed();
      return id;
    },
    suspendApp(app, suspended) {
      const known = appOf(store, app);
      for (const installation of known.installations.values()) installation.suspended = suspended;
      if (suspended) endTokens(store, known);
    },
    uninstallApp(app) {
      const known = appOf(store, app);
      endTokens(store, known);
      known.installations.clear();
    },
    permitApp(app, permissions) {
      for (const installation of appOf(store, app).installations.values()) installation.permissions = permissions;
    },
    setAppTokenLife: (ms) => void (store.appTokenLifeMs = ms),
    setClock: (aheadMs) => void (store.clockAheadMs = aheadMs),
    tokensOf: (login) => [...store.tokens].filter(([, token]) => token.login === login).map(([secret]) => secret),
    async createRepository(options) {
      const repository = await createRepository(store, options);
      return { id: repository.id, repo: fullName(repository) };
    },
    renameRepository(repo, name) {
      const repository = store.repository(repo);
      store.repositories.delete(repo.toLowerCase());
      store.renamed.set(repo.toLowerCase(), repository);
      repository.name = name;
      store.repositories.set(fullName(repository).toLowerCase(), repository);
      store.changed();
    },
    archiveRepository: (repo) => void (store.repository(repo).archived = true),
    renameDefaultBranch: (repo, name) => renameDefaultBranch({ store, repository: store.repository(repo), name }),
    setPermission(repo, login, level) {
      store.repository(repo).permissions.set(store.user(login).login.toLowerCase(), level);
      store.changed();
    },
    setDrafts: (repo, supported) => void (store.repository(repo).drafts = supported),
    async addRuleset(repo, { name = "rules", include = ["~ALL"], exclude = [], rules, bypass = [] }) {
      const repository = store.repository(repo);
      repository.rulesets.push({ id: store.id(), name, include, exclude, rules, bypass });
      await writePushRules(repository);
    },
    async clearRulesets(repo) {
      const repository = store.repository(repo);
      repository.rulesets = [];
      await writePushRules(repository);
    },
    rulesets: (repo) => structuredClone(store.repository(repo).rulesets),
    async guardContents(repo, guard) {
      const repository = store.repository(repo);
      repository.contentGuard = guard;
      await writePushRules(repository);
    },
    renameLabel(repo, from, to) {
      issues.renameLabel({ store, repository: store.repository(repo), from, to });
    },
    forgetEvents(repo, number) {
      find(store, repo, number).issue.events.length = 0;
      store.changed();
    },
    openIssue({ repo, title, body = "", labels = [], author }) {
      const repository = store.repository(repo);
      const opened = { store, repository, title, body, labels, author: author ?? repository.owner };
      return structuredClone(issues.openIssue(opened));
    },
    addLabel: ({ label, ...action }) => issues.addLabel({ ...at(action), label }),
    removeLabel: ({ label, ...action }) => void issues.removeLabel({ ...at(action), label }),
    comment({ body, ...action }) {
      const { issue, actor } = at(action);
      return structuredClone(issues.addComment({ store, issue, author: actor, body }));
    },
    editIssue({ repo, number, actor, title, body }) {
      const { issue } = find(store, repo, number);
      if (title !== undefined)
        issues.renameIssue({ store, issue, actor: store.user(actor ?? issue.author).login, title });
      if (body !== undefined) issues.editBody({ store, issue, actor, body });
    },
    editComment({ repo, number, actor, id, body }) {
      const { issue } = find(store, repo, number);
      const comment = issue.comments.find((one) => one.id === id);
      if (comment === undefined) throw new Error(`${repo}#${number} has no comment ${id}`);
      issues.editComment({ store, issue, actor, comment, body });
    },
    deleteRevision({ repo, number, index }) {
      const edit = find(store, repo, number).issue.edits.at(index);
      if (edit === undefined) throw new Error(`${repo}#${number} has no revision ${index}`);
      edit.deletedAt = store.now();
    },
    advanceClock: (ms) => store.advanceClock(ms),
    closeIssue: ({ reason, ...action }) =>
      issues.closeIssue({ ...at(action), ...(reason === undefined ? {} : { reason }) }),
    reopenIssue: (action) => issues.reopenIssue(at(action)),
    lockIssue: (action) => issues.lockIssue({ ...at(action), locked: true }),
    deleteIssue(repo, number) {
      find(store, repo, number).issue.deleted = true;
      store.changed();
    },
    transferIssue: ({ to, ...action }) => issues.transferIssue({ ...at(action), to: store.repository(to) }).number,
    mergePull: (action) => mergePull(at(action)),
    closePull: (action) => issues.closeIssue(at(action)),
    review: ({ repo, number, ...review }) =>
      structuredClone(addReview({ store, issue: find(store, repo, number).issue, ...review })),
    dismissReview: ({ repo, number, id }) => dismissReview({ store, issue: find(store, repo, number).issue, id }),
    commitTo: ({ repo, message = "A commit\n", ...commit }) =>
      commitTo({ store, repository: store.repository(repo), message, ...commit }),
  };
}

/** @throws Error when there is no such issue or pull request. */
export function find(store: Store, repo: string, number: number) {
  const repository = store.repository(repo);
  const issue: Issue | undefined = repository.issues.get(number);
  if (issue === undefined) throw new Error(`the local GitHub has no ${repo}#${number}`);
  return { repository, issue };
}

/** @throws Error when there is no such App. */
function appOf(store: Store, id: number): App {
  const app = store.apps.get(id);
  if (app === undefined) throw new Error(`the local GitHub has no App ${id}`);
  return app;
}

/** Revoke the tokens of an installation. */
function endTokens(store: Store, app: App): void {
  for (const [secret, { installation }] of store.tokens) {
    if (installation !== null && app.installations.has(installation)) store.tokens.delete(secret);
  }
}
