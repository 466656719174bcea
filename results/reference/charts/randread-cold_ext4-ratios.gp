# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randread-cold_ext4-ratios.svg, .png and .pdf from randread-cold_ext4-ratios.dat: gnuplot randread-cold_ext4-ratios.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randread-cold_ext4-ratios.gp
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
    if (kind eq 'svg') { set terminal svg noenhanced size 560,552 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,1104 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,7.6667 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randread-cold_ext4-ratios'.(dark ? '-dark.' : '.').kind
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
    set style line 13 linecolor rgb c4 pointtype 2 dashtype 3 linewidth 1.6 pointsize 1
    set style line 14 linecolor rgb c6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1
    set style line 15 linecolor rgb c8 pointtype 4 dashtype 3 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'randread-cold, ext4' at screen 0.02143, screen 0.95675 left font 'sans-serif,19' textcolor rgb ink
    set label 'reads of 4096 bytes, buffered, page cache cold' at screen 0.02143, screen 0.92221 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'depth 32' at screen 0.02143, screen 0.87772 left font 'sans-serif,15' textcolor rgb ink
    set label 'IOPS' at screen 0.35379, screen 0.84375 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.43161, screen 0.23528 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.70471 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.67210 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.63949 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.60688 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.57428 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.54167 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.50906 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.47645 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.44384 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.41123 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.37862 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.52015, screen 0.34601 left font 'sans-serif,13' textcolor rgb ink
    set label 'p99 latency' at screen 0.57764, screen 0.84375 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.65546, screen 0.23528 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.73732 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.70471 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.67210 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.60688 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.57428 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.54167 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.50906 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.47645 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.44384 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.41123 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.34601 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74401, screen 0.31341 left font 'sans-serif,13' textcolor rgb ink
    set label 'CPU an I/O' at screen 0.80149, screen 0.84375 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.87932, screen 0.23528 center font 'sans-serif,15' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.67210 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.63949 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.60688 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.50906 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.47645 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.41123 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.37862 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.96786, screen 0.34601 left font 'sans-serif,13' textcolor rgb ink
    set label 'Ratios to fio:psync at the same depth, paired within blocks. ◂ and ▸: the side of 1 on' at screen 0.02143, screen 0.21750 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'which all of the interval lies. Small points: it holds 1, or covers too little.' at screen 0.02143, screen 0.19146 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin or crossed:' at screen 0.02143, screen 0.16542 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio''s engines.' at screen 0.02143, screen 0.13938 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.11334 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, ext4.' at screen 0.02143, screen 0.08730 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: inline' at screen 0.02143, screen 0.06125 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: uring, uring_defer, fio:psync' at screen 0.02143, screen 0.03521 left font 'sans-serif,11.5' textcolor rgb quiet
    set lmargin at screen 0.35379
    set rmargin at screen 0.50944
    set tmargin at screen 0.78623
    set bmargin at screen 0.29710
    set logscale x
    set xrange [0.19231933:19.343843]
    set xtics ('1' 1, '10' 10) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('fio:libaio' 14, 'fio:io_uring+force_async=1' 13, 'fio:io_uring' 12, 'uring_defer !' 11, 'uring_sqpoll' 10, 'uring_async' 9, 'uring !' 8, 'acall_pool' 7, 'acall' 6, 'hashed' 5, 'punt' 4, 'sqwq' 3, 'handoff' 2, 'sqthread' 1, 'inline !' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'slower' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'faster' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cold_ext4-ratios.dat' index 0 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 1 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 2 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 3 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 4 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 5 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 6 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 7 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 8 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 9 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 10 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 11 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 12 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 13 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 14 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 0 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 1 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 2 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 3 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 4 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 5 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 6 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 6 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cold_ext4-ratios.dat' index 7 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 7 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cold_ext4-ratios.dat' index 8 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 8 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 9 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 9 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 10 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 10 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 11 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 11 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 12 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 13 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 14 using 1:2 with points pointtype 5 pointsize 0.55 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 14 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 14 using 1:2 with points pointtype 2 pointsize 0.55 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.57764
    set rmargin at screen 0.73329
    set tmargin at screen 0.78623
    set bmargin at screen 0.29710
    set logscale x
    set xrange [0.08864645:154.83975]
    set xtics ('1' 1, '100' 100) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('' 14, '' 13, '' 12, '' 11, '' 10, '' 9, '' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'faster' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'slower' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cold_ext4-ratios.dat' index 15 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 16 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 17 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 18 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 19 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 20 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 21 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 22 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 23 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 24 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 25 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 26 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 27 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 28 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 29 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 15 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 16 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 17 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 18 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 19 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 20 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 21 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 21 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cold_ext4-ratios.dat' index 22 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 22 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cold_ext4-ratios.dat' index 23 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 23 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 24 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 24 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 25 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 25 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 26 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 26 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 27 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 28 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 29 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 29 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 29 using 1:2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.80149
    set rmargin at screen 0.95714
    set tmargin at screen 0.78623
    set bmargin at screen 0.29710
    set logscale x
    set xrange [0.087254279:5.5792495]
    set xtics ('0.1' 0.1, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('' 14, '' 13, '' 12, '' 11, '' 10, '' 9, '' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'less' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'more' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cold_ext4-ratios.dat' index 30 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 31 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 32 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 33 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 34 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 35 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 36 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 37 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 38 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 39 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 40 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 41 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 42 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 43 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cold_ext4-ratios.dat' index 44 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 0.825, \
        'randread-cold_ext4-ratios.dat' index 30 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 31 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 32 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 33 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 34 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 35 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 36 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 36 using 1:2 with points pointtype 7 pointsize 0.22 linecolor rgb paper linewidth 1.3, \
        'randread-cold_ext4-ratios.dat' index 37 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 37 using 1:2 with points pointtype 5 pointsize 0.22 linecolor rgb paper linewidth 1.3, \
        'randread-cold_ext4-ratios.dat' index 38 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 38 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 39 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 39 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 40 using 1:2 with points pointtype 9 pointsize 0.55 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 40 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 41 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 41 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 42 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 43 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cold_ext4-ratios.dat' index 44 using 1:2 with points pointtype 5 pointsize 0.55 linecolor rgb paper, \
        'randread-cold_ext4-ratios.dat' index 44 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 0.55, \
        'randread-cold_ext4-ratios.dat' index 44 using 1:2 with points pointtype 2 pointsize 0.55 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    unset multiplot
    unset output
}
