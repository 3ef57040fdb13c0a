/** node hold-directory.cjs <directory>: lock a directory and never give it back. */
const { lockDirectory } = require('../../dist/cjs/storage/index.js')

lockDirectory(process.argv[2], { name: 'the child' }).then((lock) => {
  process.stdout.write('"held"\n')
  setInterval(() => lock.owner, 1000)
})
