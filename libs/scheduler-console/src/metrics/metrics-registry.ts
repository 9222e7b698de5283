import { Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';

/** Of this console alone: the app's own default registry stays as it is. */
@Injectable()
export class MetricsRegistry extends Registry {}
