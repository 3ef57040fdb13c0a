export { StorageMeter, type StorageMetrics, storageMeter, storageMeters } from './storage-meter.js'
