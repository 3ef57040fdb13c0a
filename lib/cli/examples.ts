import type { Command } from 'commander'

/** What `--help` of each command shows at its end, without `packed` and the command's own name. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  write: [
    'books.parquet --out seg',
    'rows.ndjson more.ndjson --out seg --types embedding:float32[768]',
    'books.arrow --out seg --layout small --codec zstd --level auto',
    'books.arrow --out seg --group 0:id,title --group 1:embedding --column title=zstd:9:dictionary',
    '- --format csv --out s3://bucket/seg < rows.csv',
  ],
  inspect: [
    'seg',
    'seg/0 seg/102 --html layout.html',
    'files/insert_log/1/2/3 --compression',
    's3://bucket/seg/ --json',
  ],
  cat: [
    'seg --limit 10',
    'seg/0 --columns id,title --format csv',
    'seg --vectors float32 --out rows.ndjson',
    's3://bucket/seg/ --out rows.parquet',
  ],
  verify: ['seg', 'seg/0 --partial', 's3://bucket/seg/ --json'],
  tune: [
    'seg',
    'seg --goal size --layouts milvus,small --html tune.html',
    'flights.parquet --lenient --codecs zstd --levels 1,3,auto',
  ],
  'segment cat': [
    '3 --root files --limit 10',
    '3 --root files --rows 5,10-20,5',
    '3 --root files --columns id,title --read-ts 2026-01-31T12:00:00Z',
    '3 --storage milvus.yaml --format csv --out rows.csv',
  ],
  'segment get': [
    '3 --root files --key 7 --key 8',
    '3 --storage milvus.yaml --key a1b2 --columns title --read-ts 2026-01-31T12:00:00Z',
  ],
  'segment stats': ['3 --root files', '3 --root s3://bucket/files --json'],
  'segment verify': ['3 --root files', '3 --root files --schema books.json --json'],
  'segment convert': [
    '3 --root files --out new --to 2',
    '3 --root files --out files --segment-id 4 --first-log-id 1000',
  ],
  'segment compact': [
    '--dir worker --dry-run',
    '--dir worker --sort',
    '--meta meta --out segments --collection docs --partition _default',
    '--dir worker --segments 451234,451240 --max-rows 1000000',
    '--out segments --base insert_log/1/2/3 --schema docs.json',
  ],
  'segment export': [
    '3 --root files --for milvus-import --out bucket',
    '3 --root files --for milvus-import --form bulk --out s3://bucket --collection-name books',
  ],
  'manifest show': [
    'files/insert_log/1/2/3',
    's3://bucket/seg --version 2 --json',
    'seg/manifest.json',
  ],
  'manifest cat': ['seg --columns id,title --limit 10', 'seg --version 2 --out rows.csv'],
  'manifest log': ['files/insert_log/1/2/3', 'seg --json'],
  'manifest diff': ['seg 1 2', 'seg copies/seg'],
  'manifest verify': ['seg', 's3://bucket/files/seg --root s3://bucket/files --deep'],
  'manifest expire': ['seg --keep 10 --older-than 7d', 'seg --keep 1 --delete'],
  ingest: [
    'books.parquet --dir worker',
    'rows.csv --dir worker --schema books.json --map name=title --on-error skip',
    'incoming --watch --dir worker --metrics-port 9100',
  ],
  segments: ['--dir worker', '--dir worker --collection books --state Flushed --json'],
  gc: ['--dir worker', '--dir worker --older-than 7d --delete'],
  'uploads list': ['s3://bucket/', '--storage milvus.yaml --older-than 1h --json'],
  'uploads abort': ['s3://bucket/ --older-than 24h --dry-run', 's3://bucket/seg/ --older-than 7d'],
  'storage check': ['--storage milvus.yaml', 's3://bucket/ --write'],
}

/** Every command that does something, by its name below `packed`: `segment cat`. */
export function leafCommands(program: Command, above = ''): Map<string, Command> {
  const leaves = new Map<string, Command>()
  for (const command of program.commands) {
    const name = `${above}${command.name()}`
    if (command.commands.length === 0) leaves.set(name, command)
    else for (const [below, leaf] of leafCommands(command, `${name} `)) leaves.set(below, leaf)
  }
  return leaves
}

/** Put the examples behind the help of every command. */
export function addExamples(program: Command): void {
  for (const [name, command] of leafCommands(program)) {
    const lines = (EXAMPLES[name] ?? []).map((example) => `  packed ${name} ${example}\n`)
    if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.join('')}`)
  }
}
