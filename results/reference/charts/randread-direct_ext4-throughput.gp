# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randread-direct_ext4-throughput.svg, .png and .pdf from randread-direct_ext4-throughput.dat: gnuplot randread-direct_ext4-throughput.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randread-direct_ext4-throughput.gp
set encoding utf8
if (!exists('kinds')) kinds = 'svg png pdf'
if (!exists('dark')) dark = 0
paper = dark ? '#15181c' : '#ffffff'
quiet = dark ? '#a8adb4' : '#505050'
grid = dark ? '#30353b' : '#e4e4e4'
frame = dark ? '#8a9098' : '#707070'
ink = dark ? '#e8eaed' : '#1a1a1a'
c1 = dark ? '#ffffff' : '#000000'
c2 = dark ? '#f0ad1f' : '#e69f00'
c3 = dark ? '#8fd3ff' : '#56b4e9'
c4 = dark ? '#1fc596' : '#009e73'
c5 = dark ? '#f0e442' : '#f0e442'
c6 = dark ? '#4393e6' : '#0072b2'
c7 = dark ? '#f07a28' : '#d55e00'
c8 = dark ? '#dd92bb' : '#cc79a7'
do for [kind in kinds] {
    if (kind eq 'svg') { set terminal svg noenhanced size 560,734 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,1468 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,10.1944 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randread-direct_ext4-throughput'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb c1 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 2 linecolor rgb c2 pointtype 9 dashtype 1 linewidth 1.6 pointsize 1
    set style line 3 linecolor rgb c3 pointtype 15 dashtype 1 linewidth 1.6 pointsize 1
    set style line 4 linecolor rgb c6 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 5 linecolor rgb c4 pointtype 13 dashtype 1 linewidth 1.6 pointsize 1
    set style line 6 linecolor rgb c7 pointtype 11 dashtype 1 linewidth 1.6 pointsize 1
    set style line 7 linecolor rgb c8 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 8 linecolor rgb c8 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 9 linecolor rgb c4 pointtype 12 dashtype 2 linewidth 1.6 pointsize 1
    set style line 10 linecolor rgb c6 pointtype 4 dashtype 2 linewidth 1.6 pointsize 1
    set style line 11 linecolor rgb c2 pointtype 8 dashtype 2 linewidth 1.6 pointsize 1
    set style line 12 linecolor rgb c3 pointtype 6 dashtype 2 linewidth 1.6 pointsize 1
    set style line 13 linecolor rgb c1 pointtype 1 dashtype 3 linewidth 1.6 pointsize 1
    set style line 14 linecolor rgb c4 pointtype 2 dashtype 3 linewidth 1.6 pointsize 1
    set style line 15 linecolor rgb c6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1
    set style line 16 linecolor rgb c8 pointtype 4 dashtype 3 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'randread-direct, ext4' at screen 0.02143, screen 0.96747 left font 'sans-serif,19' textcolor rgb ink
    set label 'reads of 4096 bytes, O_DIRECT' at screen 0.02143, screen 0.94150 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'IOPS' at screen 0.02143, screen 0.90804 left font 'sans-serif,15' textcolor rgb ink
    set label 'depth (side by side)' at screen 0.52746, screen 0.38828 center font 'sans-serif,15' textcolor rgb ink
    set label 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin or crossed:' at screen 0.02143, screen 0.14392 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio''s engines.' at screen 0.02143, screen 0.12434 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.10475 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, ext4.' at screen 0.02143, screen 0.08517 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! behind: inline, sqthread, handoff, sqwq, punt, uring_async, uring_sqpoll' at screen 0.02143, screen 0.06558 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: inline, sqthread, fio:io_uring' at screen 0.02143, screen 0.04600 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: handoff, fio:psync' at screen 0.02143, screen 0.02641 left font 'sans-serif,11.5' textcolor rgb quiet
    set arrow from screen 0.02143, screen 0.35450 to screen 0.08214, screen 0.35450 nohead linestyle 1
    set label '' at screen 0.05179, screen 0.35450 point linestyle 1 linewidth 1.3 pointsize 1
    set label 'inline !' at screen 0.09643, screen 0.35450 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.32881 to screen 0.08214, screen 0.32881 nohead linestyle 2
    set label '' at screen 0.05179, screen 0.32881 point linestyle 2 linewidth 1.3 pointsize 1
    set label 'sqthread !' at screen 0.09643, screen 0.32881 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.30313 to screen 0.08214, screen 0.30313 nohead linestyle 3
    set label '' at screen 0.05179, screen 0.30313 point linestyle 3 linewidth 1.3 pointsize 1
    set label 'handoff !' at screen 0.09643, screen 0.30313 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.27745 to screen 0.08214, screen 0.27745 nohead linestyle 4
    set label '' at screen 0.05179, screen 0.27745 point linestyle 4 linewidth 1.3 pointsize 1
    set label 'sqwq !' at screen 0.09643, screen 0.27745 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.25177 to screen 0.08214, screen 0.25177 nohead linestyle 5
    set label '' at screen 0.05179, screen 0.25177 point linestyle 5 linewidth 1.3 pointsize 1
    set label 'punt !' at screen 0.09643, screen 0.25177 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.22609 to screen 0.08214, screen 0.22609 nohead linestyle 6
    set label '' at screen 0.05179, screen 0.22609 point linestyle 6 linewidth 1.3 pointsize 1
    set label 'hashed' at screen 0.09643, screen 0.22609 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.20041 to screen 0.08214, screen 0.20041 nohead linestyle 7
    set label '' at screen 0.05179, screen 0.20041 point linestyle 7 linewidth 1.3 pointsize 1
    set label '' at screen 0.05179, screen 0.20041 point pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3
    set label 'acall' at screen 0.09643, screen 0.20041 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.17473 to screen 0.08214, screen 0.17473 nohead linestyle 8
    set label '' at screen 0.05179, screen 0.17473 point linestyle 8 linewidth 1.3 pointsize 1
    set label '' at screen 0.05179, screen 0.17473 point pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3
    set label 'acall_pool' at screen 0.09643, screen 0.17473 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.35450 to screen 0.56071, screen 0.35450 nohead linestyle 9
    set label '' at screen 0.53036, screen 0.35450 point pointtype 13 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.35450 point linestyle 9 linewidth 1.3 pointsize 1
    set label 'uring' at screen 0.57500, screen 0.35450 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.32881 to screen 0.56071, screen 0.32881 nohead linestyle 10
    set label '' at screen 0.53036, screen 0.32881 point pointtype 5 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.32881 point linestyle 10 linewidth 1.3 pointsize 1
    set label 'uring_async !' at screen 0.57500, screen 0.32881 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.30313 to screen 0.56071, screen 0.30313 nohead linestyle 11
    set label '' at screen 0.53036, screen 0.30313 point pointtype 9 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.30313 point linestyle 11 linewidth 1.3 pointsize 1
    set label 'uring_sqpoll !' at screen 0.57500, screen 0.30313 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.27745 to screen 0.56071, screen 0.27745 nohead linestyle 12
    set label '' at screen 0.53036, screen 0.27745 point pointtype 7 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.27745 point linestyle 12 linewidth 1.3 pointsize 1
    set label 'uring_defer' at screen 0.57500, screen 0.27745 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.25177 to screen 0.56071, screen 0.25177 nohead linestyle 13
    set label '' at screen 0.53036, screen 0.25177 point linestyle 13 linewidth 1.3 pointsize 1
    set label 'fio:psync !' at screen 0.57500, screen 0.25177 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.22609 to screen 0.56071, screen 0.22609 nohead linestyle 14
    set label '' at screen 0.53036, screen 0.22609 point linestyle 14 linewidth 1.3 pointsize 1
    set label 'fio:io_uring !' at screen 0.57500, screen 0.22609 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.20041 to screen 0.56071, screen 0.20041 nohead linestyle 15
    set label '' at screen 0.53036, screen 0.20041 point linestyle 15 linewidth 1.3 pointsize 1
    set label 'fio:io_uring+force_async=1' at screen 0.57500, screen 0.20041 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.17473 to screen 0.56071, screen 0.17473 nohead linestyle 16
    set label '' at screen 0.53036, screen 0.17473 point pointtype 5 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.17473 point linestyle 16 linewidth 1.3 pointsize 1
    set label '' at screen 0.53036, screen 0.17473 point pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    set label 'fio:libaio' at screen 0.57500, screen 0.17473 left font 'sans-serif,13' textcolor rgb ink
    set lmargin at screen 0.09777
    set rmargin at screen 0.95714
    set tmargin at screen 0.88437
    set bmargin at screen 0.43478
    set logscale x
    set xrange [24.777255:41.328226]
    set xtics ('32' 32) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [0:46107.353]
    set ytics ('0' 0, '10 k' 10000, '20 k' 20000, '30 k' 30000, '40 k' 40000) offset 0.4, 0 font 'sans-serif,15' textcolor rgb ink
    plot 'randread-direct_ext4-throughput.dat' index 0 using ($1*0.8309):2 with lines linestyle 1 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 1 using ($1*0.8517):2 with lines linestyle 2 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 2 using ($1*0.8730):2 with lines linestyle 3 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 3 using ($1*0.8948):2 with lines linestyle 4 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 4 using ($1*0.9172):2 with lines linestyle 5 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 5 using ($1*0.9401):2 with lines linestyle 6 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 6 using ($1*0.9636):2 with lines linestyle 7 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 7 using ($1*0.9877):2 with lines linestyle 8 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 8 using ($1*1.0124):2 with lines linestyle 9 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 9 using ($1*1.0377):2 with lines linestyle 10 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 10 using ($1*1.0637):2 with lines linestyle 11 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 11 using ($1*1.0903):2 with lines linestyle 12 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 12 using ($1*1.1175):2 with lines linestyle 13 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 13 using ($1*1.1455):2 with lines linestyle 14 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 14 using ($1*1.1741):2 with lines linestyle 15 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 15 using ($1*1.2035):2 with lines linestyle 16 linewidth 1.6, \
        'randread-direct_ext4-throughput.dat' index 0 using ($1*0.8309):3:(0):($4-$3) with vectors nohead linestyle 1 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 1 using ($1*0.8517):3:(0):($4-$3) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 2 using ($1*0.8730):3:(0):($4-$3) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 3 using ($1*0.8948):3:(0):($4-$3) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 4 using ($1*0.9172):3:(0):($4-$3) with vectors nohead linestyle 5 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 5 using ($1*0.9401):3:(0):($4-$3) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 6 using ($1*0.9636):3:(0):($4-$3) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 7 using ($1*0.9877):3:(0):($4-$3) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 8 using ($1*1.0124):3:(0):($4-$3) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 9 using ($1*1.0377):3:(0):($4-$3) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 10 using ($1*1.0637):3:(0):($4-$3) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 11 using ($1*1.0903):3:(0):($4-$3) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 12 using ($1*1.1175):3:(0):($4-$3) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 13 using ($1*1.1455):3:(0):($4-$3) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 14 using ($1*1.1741):3:(0):($4-$3) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 15 using ($1*1.2035):3:(0):($4-$3) with vectors nohead linestyle 16 dashtype 1 linewidth 1.5, \
        'randread-direct_ext4-throughput.dat' index 0 using ($1*0.8309):2 with points linestyle 1 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 1 using ($1*0.8517):2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 2 using ($1*0.8730):2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 3 using ($1*0.8948):2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 4 using ($1*0.9172):2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 5 using ($1*0.9401):2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 6 using ($1*0.9636):2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 6 using ($1*0.9636):2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-direct_ext4-throughput.dat' index 7 using ($1*0.9877):2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 7 using ($1*0.9877):2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-direct_ext4-throughput.dat' index 8 using ($1*1.0124):2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-throughput.dat' index 8 using ($1*1.0124):2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 9 using ($1*1.0377):2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-throughput.dat' index 9 using ($1*1.0377):2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 10 using ($1*1.0637):2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-throughput.dat' index 10 using ($1*1.0637):2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 11 using ($1*1.0903):2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-throughput.dat' index 11 using ($1*1.0903):2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 12 using ($1*1.1175):2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 13 using ($1*1.1455):2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 14 using ($1*1.1741):2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 15 using ($1*1.2035):2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-throughput.dat' index 15 using ($1*1.2035):2 with points linestyle 16 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-throughput.dat' index 15 using ($1*1.2035):2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    unset multiplot
    unset output
}
