import { expect, it } from 'vitest';
import { targetsOf } from '../../src/theory/targets.js';

it('targets are the distinct absolute training losses', () => {
  const spec = (metric: string, value: number, kind: 'atMost' | 'withinDense' = 'atMost') => ({
    metric,
    kind,
    value,
    primary: false,
  });
  const specs = [
    spec('subnet_train_loss', 0.1),
    spec('dense_train_loss', 0.1),
    spec('dense_train_loss_sum', 100),
    spec('subnet_train_loss', 0.2),
    spec('subnet_test_loss', 0.3),
    spec('certified_loss', 0.4),
    spec('subnet_train_loss', 0.01, 'withinDense'),
  ];
  expect(targetsOf(specs, 1000)).toEqual([0.2, 0.1]);
  expect(targetsOf(specs, 500)).toEqual([0.2, 0.2, 0.1].slice(1));
});
