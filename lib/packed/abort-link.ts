export { AbortLink } from '../native/index.js'
