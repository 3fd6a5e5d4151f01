// Writes docs/cli.md from what the built programs say of themselves; with --check, fails where it
// is not current.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}docs/cli.md`;

const COMMANDS = [
  'producer',
  'consumer',
  'consumer migrate',
  'consumer migrate down',
  'consumer drop-db',
  'consumer dead list',
  'consumer dead show',
  'consumer dead export',
  'consumer dead replay',
  'consumer dead purge',
  'consumer status',
  'consumer why',
];

/** @param {string} command */
function help(command) {
  const [program = '', ...words] = command.split(' ');
  const text = execFileSync(`${root}bin/${program}`, [...words, '--help'], { encoding: 'utf8' });
  // those of the program itself, which stand there
  return text.replace(/\nGlobal Options:[^]*/, '').trimEnd();
}

const sections = COMMANDS.map((command) => `## ${command}\n\n\`\`\`\n${help(command)}\n\`\`\`\n`);
const text = `# The two programs

Made by \`npm run docs\` from what the programs say of themselves.

A flag beats its environment variable, which beats the default. \`-file x\`, \`--file x\`, \`-file=x\` and
\`--file=x\` are the same. An empty variable counts as not set. A duration is \`500ms\`, \`20s\`, \`5m\` or \`1h\`.
Several addresses of a cluster, \`a:5672,b:5672\`, are tried in turn; \`host:5672/team\` names a vhost.
[servers.md](servers.md) says how URLs, flags and variables go together, and tells of TLS and secrets.

| exit status   |                                                                                   |
| ------------- | --------------------------------------------------------------------------------- |
| 0             | done; for the consumer also: stopped by SIGINT, SIGTERM or SIGHUP                 |
| 1             | a wrong flag or file, nothing published, a server that refuses, a drain that hung |
| 2             | a defect of the program, with its stack                                           |
| 3             | \`--dry-run\`, and a row is rejected; \`status --wait\`, and its \`--timeout\` is over  |
| 129, 130, 143 | the producer, \`dead\` or \`status\` was stopped by SIGHUP, SIGINT, SIGTERM           |

Logs go to standard output: JSON lines, or readable ones on a terminal. What ends a program with status 1 or 2
is said on standard error. Each line about rows names their import and their numbers; with \`--log-level debug\` from
each block that is confirmed to each batch that is committed, so that one \`grep\` follows an import through the logs of both.

While they work, the services tell how far they are where their log goes.

- **On a terminal**, on one line below the log, drawn anew four times a second. The producer's: share by bytes (of a pipe,
  none), rows, rate, rejected and unconfirmed rows, the time that is left, and what goes on: \`publishing\`,
  \`blocked: low on memory\` as RabbitMQ says it, \`waits for RabbitMQ (connection refused), next try in 3 s\`,
  \`waiting for input\`, \`waiting for confirms\`. The
  consumer's: rate, messages that wait in the queue, time from publishing to the commit while rows are stored, dead letters, and both
  servers, with the reason where one is not up. Rates are of the last five seconds. What matters least is left out where the terminal is narrow.
  In the background of a shell (\`&\`, Ctrl-Z and \`bg\`) there is no such line on Linux; \`fg\` brings it back.
- **Elsewhere**, with \`TERM=dumb\` and with \`--json\`, in the log, every ten seconds, and what is waited for in an outage. So it is with \`| jq\` and \`> log.json\`: nothing is drawn
  on a terminal where somebody else may write.
- **Not at all** with \`--quiet\`, or a \`--log-level\` above info.

\`NO_COLOR\` leaves out the colours. The summary at the end has a line for each number where one line is too wide.

${sections.join('\n')}`;

if (!process.argv.includes('--check')) {
  await writeFile(page, text);
} else if ((await readFile(page, 'utf8')) !== text) {
  console.error('docs/cli.md does not say what the programs do: run "npm run docs"');
  process.exit(1);
}
