"""The `made train` options that reach the goals of the density section. They were chosen on the validation rows alone."""

# Every command is: made train SET/train.csv --validation SET/valid.csv -o SET.safetensors OPTIONS
# --calibration-share 0 gives all rows of train.csv to the weights, as the published figures do.
COMMON = "--calibration-share 0"

DENSITY = {
    # set: (most test nats, options)
    "dna": (79.6, "--members 16 --dropout 0.3 --direct-l1 0.18 --l1 0.24 --learning-rate 0.01 --patience 30"),
    "mushrooms": (9.35, "--members 16 --dropout 0.4 --direct-l1 1.4 --l1 0.07 --learning-rate 0.01 --patience 30"),
    "nips": (271.0, "--members 16 --dropout 0.3 --input-dropout 0.2 --weight-decay 0.1 --direct-l1 0.5 --l1 0.2 --patience 30"),
    "nltcs": (5.99, "--members 16 --hidden 200,200 --learning-rate 0.005"),
    "plants": (12.0, "--members 8 --hidden 1000,1000 --dropout 0.1 --weight-decay 0.1 --direct-l1 0 --l1 0 --patience 10"),
    "accidents": (25.85, ""),
    "pumsb_star": (21.28, ""),
    "bnetflix": (54.6, ""),
}
SECONDS_MAX = 900
