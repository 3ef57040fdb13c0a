/** The library as a user's process loads it. */
module.exports = require('../../dist/cjs/index.js')
