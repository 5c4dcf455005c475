NGPU=64 ./run_train.sh --model.name llama3 --model.flavor 70B --parallelism.tensor_parallel_degree=8 --training.local_batch_size 2 --training.seq_len 4096
