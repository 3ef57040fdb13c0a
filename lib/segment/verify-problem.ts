export { type Problem as SegmentProblem, ProblemList } from '../config/index.js'
