import { PRIORITIES } from "@tac8/core/domain/priority";
import { ISSUE_STATES } from "@tac8/core/domain/states";
import type { CommandSpec } from "../context/program.ts";

/** Every command of `tac8`, in the order of its help. What a command needs is loaded only when it runs. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: "up",
    summary: "start Redis, scheduler, runner and board, and keep them running until Ctrl-C",
    options: [
      {
        flags: "--only <apps>",
        description: "start these apps alone, with the Redis in REDIS_URL: runner, or scheduler,board for example",
      },
    ],
    load: async () => (await import("./up.ts")).up,
  },
  {
    usage: "demo",
    summary: "show tac8 at work on a GitHub and an agent of its own; needs no account",
    options: [],
    load: async () => (await import("./demo.ts")).demo,
  },
  {
    usage: "init",
    summary: "make a config.toml for your repository, create its labels, and check everything",
    options: [
      { flags: "--repo <owner/name>", description: "the repository to work on" },
      { flags: "--app", description: "make a GitHub App in your browser, and work as it (recommended)" },
      { flags: "--token-file <file>", description: "file with a GitHub token in it, instead of an App" },
      { flags: "--api-url <url>", description: "API of a GitHub Enterprise server: https://HOST/api/v3" },
      { flags: "--force", description: "overwrite a config.toml that is there; a copy of it is kept" },
      { flags: "--yes", description: "do not ask questions" },
    ],
    load: async () => (await import("./init.ts")).init,
  },
  {
    usage: "doctor",
    summary: "check this machine, Redis, GitHub and the agent, and list the problems to fix",
    options: [
      { flags: "--fix", description: "create missing labels and folders" },
      {
        flags: "--agent",
        description: "also ask the agent for one word, to see that it is signed in (costs a little)",
      },
      { flags: "--notify", description: "also send a test message to every configured receiver" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    usage: "status",
    summary:
      "show health and its reasons, holds, runners, queue, figures and the last events; exit code 0: ok or warning, 3: degraded, 4: critical, 1: Redis is unreachable",
    options: [{ flags: "--json", description: "as JSON" }],
    load: async () => (await import("./status.ts")).status,
  },
  {
    usage: "monitor",
    summary: "the same as status, live and full screen; q quits",
    options: [],
    load: async () => (await import("./monitor.ts")).monitor,
  },
  {
    usage: "open",
    summary: "print a link that signs you in to the board, once",
    options: [{ flags: "--json", description: "as JSON" }],
    load: async () => (await import("./open.ts")).open,
  },
  {
    usage: "list",
    summary: "the issues that tac8 knows, with the state of each",
    options: [
      { flags: "--state <state...>", description: "only these states", choices: ISSUE_STATES },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./list.ts")).list,
  },
  {
    usage: "view <issue>",
    summary: "show the conversation of an issue's newest agent run: 471, owner/repo#471 or its address",
    options: [
      { flags: "--follow", description: "follow the run until it ends; Ctrl-C stops following" },
      {
        flags: "--detailed",
        description: "whole inputs and results of tools, where the run's raw log is on this machine",
      },
      { flags: "--run <n>", description: "show run n; the first is 1" },
      { flags: "--json", description: "as JSON; with --follow an object a line" },
    ],
    load: async () => (await import("./view.ts")).view,
  },
  {
    usage: "why <issue>",
    summary:
      "explain why an issue is not running, not done, or ran again: every rule that was checked, with its evidence",
    options: [{ flags: "--json", description: "as JSON" }],
    load: async () => (await import("./why.ts")).why,
  },
  {
    usage: "add <issue>",
    summary: "put the label on an issue, through GitHub, so that an agent works on it",
    options: [
      { flags: "--priority <priority>", description: "its priority's label too", choices: PRIORITIES },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./add.ts")).add,
  },
  {
    usage: "retry [issue]",
    summary: "queue an ended issue again: 471, owner/repo#471 or its address",
    options: [
      { flags: "--failed", description: "retry every issue that has failed" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./retry.ts")).retry,
  },
  {
    usage: "stop <issue>",
    summary: "stop the work on an issue and keep it: interrupt, save, push, comment",
    options: [
      {
        flags: "--now",
        description: "kill the agent at once, without an interrupt; what it left is saved all the same",
      },
      { flags: "--reason <text>", description: "why, for the issue's comment" },
      { flags: "--no-wait", description: "do not wait until it is done" },
      { flags: "--timeout <seconds>", description: "how long to wait", initial: "300" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./stop.ts")).stop,
  },
  {
    usage: "pause",
    summary: "start no new agent, on any machine or on one; agents at work finish",
    options: [
      { flags: "--runner <name>", description: "only this runner: its name in tac8 status, its host's, or a slot's" },
      { flags: "--reason <text>", description: "the reason, shown by tac8 status" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./pause.ts")).pause,
  },
  {
    usage: "resume [hold]",
    summary: "end an operator's pause, or, once its cause is fixed, a hold by its name, such as auth",
    options: [
      { flags: "--runner <name>", description: "end the pause of this runner" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./resume.ts")).resume,
  },
  {
    usage: "report",
    summary: "success rate, times, failures, tokens and cost by day, model and issue",
    options: [
      {
        flags: "--since <time>",
        description: "from then on: 12h, 7d, 2w or a day such as 2026-11-25",
        initial: "7d",
      },
      { flags: "--markdown", description: "as a page to paste into an issue" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./report.ts")).report,
  },
  {
    usage: "timeline [issue]",
    summary: "show the event log, of all issues or of one, newest last",
    options: [
      { flags: "--since <time>", description: "from then on: 30m, 12h, 7d, 2w or a day such as 2026-11-25" },
      { flags: "--limit <number>", description: "how many of the newest events", initial: "100" },
      { flags: "--follow", description: "follow new events until Ctrl-C" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./timeline.ts")).timeline,
  },
  {
    usage: "service <action>",
    summary: "install or uninstall tac8 up as a systemd service of this user, without root",
    choices: ["install", "uninstall"],
    options: [],
    load: async () => (await import("./service.ts")).service,
  },
  {
    usage: "share [name]",
    summary:
      "let the machine of this name join: open this machine's Redis to it, with TLS; without a name: show all machines",
    options: [
      {
        flags: "--address <address>",
        description: "address of this machine to listen at (default: its only private one)",
      },
      { flags: "--port <port>", description: "port to listen at (default: 6380)" },
      { flags: "--renew", description: "make a new token for a machine that has one" },
    ],
    load: async () => (await import("./share.ts")).share,
  },
  {
    usage: "join [address]",
    summary: "make this machine a runner of another one's tac8, with what tac8 share printed there",
    options: [
      { flags: "--service", description: "then start its runner as a service of this user" },
      { flags: "--leave", description: "forget the other machine" },
    ],
    load: async () => (await import("./join.ts")).join,
  },
  {
    usage: "unshare [name]",
    summary: "shut a machine out that tac8 share has let in",
    options: [{ flags: "--all", description: "shut all of them out, and close the address" }],
    load: async () => (await import("./unshare.ts")).unshare,
  },
  {
    usage: "logs",
    summary: "show the log lines of scheduler, runner and board on this machine",
    options: [
      { flags: "-f, --follow", description: "follow new lines until Ctrl-C" },
      { flags: "--runner", description: "only the runner's" },
    ],
    load: async () => (await import("./logs.ts")).logs,
  },
  {
    usage: "move-data [folder]",
    summary:
      "move the data folder to its default location, or to another folder, for example out of a checkout; tac8 must be stopped",
    options: [],
    load: async () => (await import("./moveData.ts")).moveData,
  },
  {
    usage: "backup [file]",
    summary: "write a backup to a file while tac8 runs: Redis, configuration, sessions, work that may not be on GitHub",
    options: [{ flags: "--json", description: "as JSON" }],
    load: async () => (await import("./backup.ts")).backup,
  },
  {
    usage: "restore <file>",
    summary: "restore a backup, on an empty machine; tac8 must be stopped",
    options: [{ flags: "--force", description: "replace an installation that is there; its files are kept beside" }],
    load: async () => (await import("./restore.ts")).restore,
  },
  {
    usage: "clean",
    summary: "remove now what the janitor would: old workspaces, sessions and logs of ended issues",
    options: [
      { flags: "--dry-run", description: "only show what would be removed" },
      { flags: "--json", description: "as JSON" },
    ],
    load: async () => (await import("./clean.ts")).clean,
  },
];
