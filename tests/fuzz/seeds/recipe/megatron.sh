#!/bin/bash
#SBATCH --nodes=8 --gpus-per-node=8
export CUDA_DEVICE_MAX_CONNECTIONS=1
TP=${TP:-8}
MODEL_ARGS=(
    --num-layers 32
    --hidden-size 4096 --ffn-hidden-size 14336
    --num-attention-heads 32 --group-query-attention --num-query-groups 8
    --seq-length 8192 --max-position-embeddings 8192
    --swiglu --untie-embeddings-and-output-weights --normalization RMSNorm
)
PARALLEL="--tensor-model-parallel-size $TP --pipeline-model-parallel-size 2 --sequence-parallel --use-distributed-optimizer"
torchrun --nproc_per_node 8 --nnodes ${NNODES:-1} pretrain_gpt.py \
    "${MODEL_ARGS[@]}" $PARALLEL --micro-batch-size 1 --global-batch-size 128 \
    --bf16 --recompute-granularity selective --num-experts 8 --moe-router-topk 2 --expert-model-parallel-size 4
